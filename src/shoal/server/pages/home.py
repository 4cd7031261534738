"""Home: drop a file, see what runs, what stands and what needs you; `/` too, which is JSON for programs."""

from __future__ import annotations

import asyncio
import shutil
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal import __version__
from shoal.access import Action, Actor
from shoal.base import clock
from shoal.server import offload
from shoal.server.api.waiting import trouble_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page, wants_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.infra.lines import lines_at_home
from shoal.server.pages.jobs.now import JobsNow, jobs_now
from shoal.server.pages.live.listing import lines_at_work
from shoal.server.pages.queue.waiting import waiting
from shoal.server.pages.study_lines import Line, lines
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.studies.model import StudyState
from shoal.studies.store.browsing import StudyFilter, find_studies

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
ENDED = (StudyState.succeeded, StudyState.cancelled)
MOST_RUNNING, MOST_FAILED, MOST_RECENT = 10, 5, 8
NEEDS_YOU_FOR = 7 * 86_400 * clock.SECOND
LINKS = {"api": "/api/v1/openapi.json", "pages": "/app", "health": "/healthz", "metrics": "/metrics"}


class Work(NamedTuple):
    """What there is of studies and of jobs, and how many jobs wait."""

    running: list[Line]
    failed: list[Line]
    recent: list[Line]
    jobs: JobsNow
    queued: int


@router.get("/")
async def root(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Show the home page to a browser, and to a program that the server is alive."""
    if wants_page(request):
        return render(request, "home.html.j2", await _now(house, actor) | {"classic": True})
    return alive(request)


def alive(request: Request) -> Response:
    """Say that the server is alive, of which version, and where its parts are."""
    prefix = request.scope.get("root_path", "")
    links = {name: prefix + path for name, path in LINKS.items()}
    told = {"message": "Shoal is alive.", "name": "Shoal", "version": __version__, "links": links}
    return Json(told, headers={"Vary": "Accept"})


@router.get("/app")
async def home(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Show the home page."""
    return render(request, "home.html.j2", await _now(house, actor) | {"classic": False})


@router.get("/app/part/home")
async def live(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Send what changes on the home page."""
    return part(request, "home_live.html.j2", await _now(house, actor))


async def _now(house: House, actor: Actor) -> dict[str, Any]:
    owner = None if actor.admin else actor.name
    work = await offload.read(house.database, lambda conn: _work(conn, owner))
    live = await lines_at_work(house, owner)
    infra = await lines_at_home(house, owner)
    disk = await asyncio.to_thread(shutil.disk_usage, house.home.path)
    return {
        "work": work,
        "live": live,
        "infra": infra,
        "trouble": trouble_of(house),
        "workers": house.settings.workers,
        "free": disk.free,
        "limit": house.settings.limits.upload,
        "refresh": 5 if work.running or work.jobs.running or live or any(one.moves for one in infra) else 0,
    }


def _work(conn: Connection, owner: str | None) -> Work:
    def found(limit: int, *states: StudyState) -> list[Line]:
        return lines(conn, find_studies(conn, StudyFilter(owner, states=states), limit=limit))

    since = clock.now() - NEEDS_YOU_FOR
    failed = [
        line
        for line in found(MOST_FAILED, StudyState.failed)
        if (line.study.finished or line.study.started) > since
    ]
    queued = sum(group.number for group in waiting(conn, owner))
    running, recent = found(MOST_RUNNING, StudyState.running), found(MOST_RECENT, *ENDED)
    return Work(running, failed, recent, jobs_now(conn, owner, since), queued)


HOME = Face("home", router, render=error_page, below="/app")
