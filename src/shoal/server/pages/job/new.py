"""A new job: /app/jobs/new, for each way to run something that is no script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, decide
from shoal.base.settings import Settings
from shoal.jobs.model import Job
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.job.asking import Errors, body_of, texts_of
from shoal.server.pages.job.asking_again import can_ask, request_of
from shoal.server.pages.job.fields import ADVANCED, FOLDED, NAME, RUNNERS, Field, usual_texts
from shoal.server.pages.job.handing_in import handed_in
from shoal.server.pages.job.looking import Reader, job_of
from shoal.server.pages.jobs.wanted import PATH
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse

router = APIRouter(prefix=f"{PATH}/new", include_in_schema=False)
Creator = Annotated[Actor, Depends(Rule(Action.JOB_CREATE))]
RunnerName = Literal["command", "batch", "container", "file", "eval"]
TITLES: Mapping[str, str] = {
    "command": "Run a command",
    "batch": "Run a batch",
    "container": "Run a container",
    "file": "Run a program",
    "eval": "Run Python text",
}
VERBS = {"eval": "Run text", "file": "Run program"}


@router.get("")
async def show_form(
    request: Request,
    house: TheHouse,
    actor: Reader,
    runner: RunnerName = "command",
    like: Annotated[int | None, Query(ge=1, le=LATEST)] = None,
) -> Response:
    """Show the form, empty or as another job was."""
    if like is None:
        return _form(request, house, actor, runner, {})
    job = await job_of(house, actor, like)
    if not can_ask(job):
        return go(request, f"{PATH}/{like}", "This job cannot be asked for with changes.", done=False)
    if job.kind == "function":
        return go(request, f"/app/scripts/{quote(str(job.spec.get('script', '')), safe='')}?like={like}")
    return _form(request, house, actor, job.kind, texts_of(request_of(job)), model=job)


@router.post("")
async def send_form(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Run it, or show the form again with what is wrong."""
    async with form_of(request) as form:
        runner = text(form, "runner")
        runner = runner if runner in RUNNERS else "command"
        texts = _texts(form, runner)
    body, errors = body_of(runner, texts)
    if not errors:
        fields = (*RUNNERS[runner], NAME, *ADVANCED)
        done = await handed_in(request, house, actor, body, texts, fields)
        if isinstance(done, Response):
            return done
        errors = done
    return _form(request, house, actor, runner, texts, errors)


def offered(settings: Settings, actor: Actor) -> list[str]:
    """Return the ways to run something that are open to somebody here."""
    execution = settings.execution
    shut = {
        "command": not execution.commands,
        "batch": not execution.commands,
        "file": not execution.files,
        "eval": not execution.eval or not decide(actor, Action.JOB_EVALUATE).allowed,
    }
    return [name for name in RUNNERS if not shut.get(name, False)]


def _open_fields(settings: Settings, runner: str, texts: Mapping[str, str]) -> tuple[Field, ...]:
    """Return the fields that this server has a use for, and those that say something already."""
    containers = settings.containers
    shut = {
        "mounts": not containers.mounts,
        "network": not containers.networks,
        "user": not containers.users,
        "devices": not containers.devices,
    }
    return tuple(one for one in RUNNERS[runner] if not shut.get(one.name, False) or texts.get(one.name))


def _texts(form: FormData, runner: str) -> dict[str, str]:
    return {field.name: text(form, field.name) for field in (*RUNNERS[runner], NAME, *FOLDED)}


def _form(
    request: Request,
    house: House,
    actor: Actor,
    runner: str,
    texts: Mapping[str, str],
    errors: Errors | None = None,
    *,
    model: Job | None = None,
) -> Response:
    fields = _open_fields(house.settings, runner, texts)
    values = usual_texts((*fields, NAME, *FOLDED)) | dict(texts)
    context: dict[str, Any] = {
        "runner": runner,
        "runners": [(name, TITLES[name]) for name in offered(house.settings, actor)],
        "title": TITLES[runner],
        "verb": VERBS.get(runner, TITLES[runner]),
        "fields": fields,
        "name_field": NAME,
        "advanced": FOLDED,
        "values": values,
        "errors": errors or {},
        "open": any(values.get(one.name, "") != one.usual or one.name in (errors or {}) for one in FOLDED),
        "model": model,
    }
    return render(request, "job_new.html.j2", context, status=422 if errors else 200)


NEW_JOB = Face("new job", router, render=error_page, below="/app")
