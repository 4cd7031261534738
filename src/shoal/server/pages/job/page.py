"""The page of a job: what became of it, its attempts, its log, its result; and the parts that move."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.jobs.model import Attempt
from shoal.jobs.requests import passing
from shoal.jobs.states import ACTIVE
from shoal.server.api.attachments import attachment
from shoal.server.api.waiting import LATEST, trouble_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.job import log_view
from shoal.server.pages.job.advice import advice_of
from shoal.server.pages.job.asking_again import can_ask, request_of
from shoal.server.pages.job.log_view import LogView
from shoal.server.pages.job.looking import Id, Reader, Seen, attempt_of, chosen, job_of, path_of, seen
from shoal.server.pages.job.reproducing import ways
from shoal.server.pages.job.result_view import pretty_json, result_view
from shoal.server.pages.job.secrets import is_secret, without_secrets
from shoal.server.pages.job.timeline import timeline
from shoal.server.pages.jobs.wanted import PATH
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{job}}", include_in_schema=False)
Fence = Annotated[int | None, Query(ge=1, le=LATEST)]
Offset = Annotated[int | None, Query(ge=0, le=LATEST)]
MOST_INPUT = 16_000
NEXT, BEGIN, OVER, CUT = "X-Next-Offset", "X-Begin-Offset", "X-Log-Over", "X-Log-Cut"


class Spec(NamedTuple):
    """What a job was given, as text: without secrets, cut where it is long."""

    json: str
    cut: int
    env: list[tuple[str, str | None]]


@router.get("")
async def show(
    request: Request, job: Id, house: TheHouse, actor: Reader, attempt: Fence = None, before: Offset = None
) -> Response:
    """Show a job."""
    found = await seen(house, actor, job)
    tried = chosen(found.attempts, attempt)
    log = await _log(house, tried, before)
    context = _context(house, found) | {
        "log": log,
        "tried": tried,
        "spec": _spec(found),
        "ways": ways(request_of(found.job), _server(request)) if can_ask(found.job) else [],
        "can_ask": can_ask(found.job),
    }
    return render(request, "job.html.j2", context)


@router.get("/part/now")
async def show_now(request: Request, job: Id, house: TheHouse, actor: Reader) -> Response:
    """Send how a job stands."""
    return part(request, "job_now.html.j2", _context(house, await seen(house, actor, job)))


@router.get("/part/made")
async def show_made(request: Request, job: Id, house: TheHouse, actor: Reader) -> Response:
    """Send what a job made."""
    return part(request, "job_made.html.j2", _context(house, await seen(house, actor, job)))


@router.get("/part/log")
async def show_log(
    request: Request,
    job: Id,
    house: TheHouse,
    actor: Reader,
    attempt: Fence = None,
    offset: Offset = None,
    before: Offset = None,
) -> Response:
    """Send lines of a log: those after an offset, or those before one."""
    tried = await attempt_of(house, actor, job, attempt)
    if tried is None:
        return Response(b"", media_type="text/html; charset=utf-8", headers={NEXT: "0", BEGIN: "0"})
    if before is None:
        view = await asyncio.to_thread(log_view.forward, house.home.logs, tried, offset or 0)
    else:
        view = await asyncio.to_thread(log_view.backward, house.home.logs, tried, before, log_view.PIECE)
    answer = part(request, "job_log_lines.html.j2", {"log": view})
    over = {OVER: "yes"} if view.is_whole else {}
    over |= {CUT: view.cut} if view.cut else {}
    answer.headers.update({NEXT: str(view.next), BEGIN: str(view.begin), **over})
    return answer


@router.get("/result.json")
async def download_result(job: Id, house: TheHouse, actor: Reader) -> Response:
    """Send the whole result as JSON."""
    found = await job_of(house, actor, job)
    headers = attachment(f"job-{job}-result.json") | {"X-Content-Type-Options": "nosniff"}
    content = orjson.dumps(found.result, option=orjson.OPT_NON_STR_KEYS)
    return Response(content, media_type="application/json", headers=headers)


async def _log(house: House, tried: Attempt | None, before: int | None) -> LogView | None:
    if tried is None:
        return None
    return await asyncio.to_thread(log_view.backward, house.home.logs, tried, before)


def _context(house: House, found: Seen) -> dict[str, Any]:
    job, newest = found.job, found.newest
    facts = (newest.facts or {}) if newest else {}
    return {
        "seen": found,
        "job": job,
        "here": path_of(job),
        "label": found.label,
        "ended": found.ended,
        "active": job.state in ACTIVE,
        "newest": newest,
        "line": timeline(found.attempts, job.generation),
        "advice": advice_of(job.error),
        "trouble": None if found.ended else trouble_of(house),
        "result": result_view(job.result) if job.result is not None else None,
        "facts": facts,
        "artifacts": facts.get("artifacts") or [],
        "same": {name: told for name, told in (facts.get("reproduce") or {}).items() if told},
        "is_head": job.kind in passing.HEADS,
        "study": str(job.spec.get("study", "")) if job.kind.startswith("study.") else "",
        "can_ask": can_ask(job),
    }


def _spec(found: Seen) -> Spec:
    spec = {name: value for name, value in found.job.spec.items() if name != "env"}
    pretty = pretty_json(without_secrets(spec))
    env = found.job.spec.get("env") or {}
    shown = [(str(name), None if is_secret(str(name)) else str(value)) for name, value in sorted(env.items())]
    return Spec(pretty[:MOST_INPUT], max(0, len(pretty) - MOST_INPUT), shown)


def _server(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


JOB_PAGE = Face("page of a job", router, render=error_page, below="/app")
