"""One script: what it does, a form that runs it, and its latest runs: /app/scripts/NAME."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import ShoalError
from shoal.base.settings import Settings
from shoal.jobs.scripts.script import Script
from shoal.jobs.store import browsing
from shoal.jobs.store.browsing import Line
from shoal.server import offload
from shoal.server.api.datafiles import free_name, keep
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.forms import file, form_of
from shoal.server.pages.frame import render
from shoal.server.pages.job.asking import Errors, read_fields
from shoal.server.pages.job.asking import texts_of as texts_of_request
from shoal.server.pages.job.asking_again import request_of
from shoal.server.pages.job.fields import ADVANCED, FOLDED, NAME, Field, usual_texts
from shoal.server.pages.job.handing_in import handed_in
from shoal.server.pages.job.looking import job_of
from shoal.server.pages.job.reproducing import ways
from shoal.server.pages.jobs.table import Row, rows_of
from shoal.server.pages.scripts.arguments import arguments_of, fields_of, texts_of
from shoal.server.pages.scripts.listing import PATH, Reader
from shoal.server.pages.scripts.sources import (
    WORDS,
    Sources,
    chosen,
    first_choice,
    kinds_for,
    sources_of,
    texts_of_data,
)
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse

ONE = f"{PATH}/{{script}}"
MOST_RUNS = 10
router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=255, pattern=FREE_TEXT)]
Creator = Annotated[Actor, Depends(Rule(Action.JOB_CREATE))]


class Found(NamedTuple):
    """What stands around the form."""

    sources: Sources
    runs: list[Row]


@router.get(ONE)
async def show_form(
    request: Request,
    script: Name,
    house: TheHouse,
    actor: Reader,
    like: Annotated[int | None, Query(ge=1, le=LATEST)] = None,
    dataset: Annotated[str, Query(max_length=64, pattern=FREE_TEXT)] = "",
) -> Response:
    """Show a script and its form, empty or as another run was."""
    known = await asyncio.to_thread(house.catalogue.get, script)
    texts = {"data": "dataset", "data-dataset": dataset} if dataset else {}
    if like is not None:
        asked = request_of(await job_of(house, actor, like))
        given = texts_of(known, asked.get("kwargs") or {}) | texts_of_data(asked.get("data"))
        texts = texts_of_request(asked) | given
    return await _form(request, house, actor, known, texts, like=like)


@router.post(ONE)
async def send_form(request: Request, script: Name, house: TheHouse, actor: Creator) -> Response:
    """Run the script, or show the form again with what is wrong."""
    known = await asyncio.to_thread(house.catalogue.get, script)
    async with form_of(request) as form:
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        body, errors = _body(known, texts)
        if not errors and known.form["data"]:
            errors |= await _with_data(house, actor, form, texts, body)
    if not errors:
        fields = (*fields_of(known, ()), Field("data", "Data"), NAME, *ADVANCED)
        done = await handed_in(request, house, actor, body, texts, fields)
        if isinstance(done, Response):
            return done
        errors = done
    return await _form(request, house, actor, known, texts, errors)


def _body(script: Script, texts: Mapping[str, str]) -> tuple[dict[str, Any], Errors]:
    """Return the request without its data, and what is wrong with it."""
    arguments, wrong = arguments_of(script, texts)
    start: dict[str, Any] = {"runner": "function", "script": script.name, "name": script.name}
    body, errors = read_fields((NAME, *ADVANCED), texts, start | ({"kwargs": arguments} if arguments else {}))
    return body, wrong | errors


async def _with_data(
    house: House, actor: Actor, form: FormData, texts: Mapping[str, str], body: dict[str, Any]
) -> Errors:
    """Put the data that was chosen into a request; a file that was sent along is kept first."""
    kind = texts.get("data", "")
    try:
        data = await _sent(house, actor, form) if kind == "upload" else chosen(kind, texts)
    except ValueError as error:
        return {"data": str(error)}
    except ShoalError as error:
        return {"data": " ".join(filter(None, (error.message, error.hint)))}
    if data is not None:
        body["data"] = data
    return {}


async def _sent(house: House, actor: Actor, form: FormData) -> dict[str, Any]:
    given = file(form, "data-upload")
    if given is None or not given.filename:
        raise ValueError("Choose a file to send.")
    await free_name(house, actor, given.filename)
    kept = await keep(house, actor, given.filename, given.file)
    return {"type": "datafile", "name": kept.name}


async def _form(
    request: Request,
    house: House,
    actor: Actor,
    script: Script,
    texts: Mapping[str, str],
    errors: Errors | None = None,
    *,
    like: int | None = None,
) -> Response:
    found = await offload.read(house.database, lambda conn: _found(conn, actor, script))
    data, wrong = script.form["data"], errors or {}
    kinds = kinds_for(data) if data else []
    values = usual_texts((*fields_of(script, ()), NAME, *FOLDED)) | dict(texts)
    context = {
        "script": script,
        "data": data,
        "kinds": [(kind, WORDS[kind]) for kind in kinds],
        "chosen": texts.get("data") or (first_choice(kinds, found.sources) if kinds else ""),
        "sources": found.sources,
        "runs": found.runs,
        "fields": fields_of(script, found.sources.columns),
        "name_field": NAME,
        "advanced": FOLDED,
        "values": values,
        "errors": wrong,
        "open": any(values.get(one.name, "") != one.usual or one.name in wrong for one in FOLDED),
        "like": like,
        "limit": house.settings.limits.upload,
        "ways": ways(_example(script), str(request.base_url).rstrip("/")),
    }
    return render(request, "script.html.j2", context, status=422 if wrong else 200)


def _found(conn: Connection, actor: Actor, script: Script) -> Found:
    owners = None if actor.admin else [actor.name]
    calls: list[Line] = browsing.calls_of(conn, owners, script.name, MOST_RUNS)
    return Found(sources_of(conn, actor), rows_of(conn, calls))


def _example(script: Script) -> dict[str, Any]:
    """Return a request to start from: its needed arguments are to be filled in."""
    needed = {one["field"]: "..." for one in script.form["fields"] if one["needed"]}
    body: dict[str, Any] = {"runner": "function", "script": script.name}
    if script.form["data"]:
        body["data"] = {"type": "datafile", "name": "yourfile.csv"}
    return body | ({"kwargs": needed} if needed else {})


def script_face(settings: Settings) -> Face:
    """Return the face of one script, with the limit of a file that is sent along."""
    limit = settings.limits.upload + (1 << 20)
    return Face("a script", router, render=error_page, below="/app", uploads={("POST", ONE): limit})
