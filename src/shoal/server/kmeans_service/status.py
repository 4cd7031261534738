"""/status: how far a job is, and its tasks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import refused
from shoal.server.kmeans_service.arguments import Arguments, arguments_of, both
from shoal.server.kmeans_service.facts import facts_of
from shoal.server.kmeans_service.job import Reader, found_job
from shoal.server.kmeans_service.tasks import SORTS, Task, count, listed, ordered, tasks_of
from shoal.server.pages.address import FURTHEST, Address, Pages
from shoal.server.pages.frame import part, render
from shoal.server.parts import House
from shoal.server.rules import TheHouse
from shoal.storage.words import shown
from shoal.studies.model import Study, StudyState

router = APIRouter(include_in_schema=False)
LONGEST_SEARCH = 100


@both(router, "/status", "GET", "POST")
@both(router, "/status/{job_id}", "GET", "POST")
async def status(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Show how far a job is."""
    given = await arguments_of(request)
    study, tasks = await _read(house, actor, given)
    return render(request, "kmeans_status.html.j2", _context(study, tasks, given))


@router.get("/status/{job_id}/part")
async def status_part(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Send what moves on the page; once the job has ended, 205 has the page loaded again."""
    given = await arguments_of(request)
    study, tasks = await _read(house, actor, given)
    if study.state != StudyState.running:
        return Response(status_code=205)
    return part(request, "kmeans_status_live.html.j2", _context(study, tasks, given))


async def _read(house: House, actor: Actor, given: Arguments) -> tuple[Study, list[Task]]:
    def read(conn: Connection) -> tuple[Study, list[Task]]:
        study = found_job(conn, actor, Action.STUDY_READ, given.text("job_id"))
        return study, tasks_of(conn, study)

    return await offload.read(house.database, read)


def _context(study: Study, tasks: list[Task], given: Arguments) -> dict[str, Any]:
    search, sort = given.text("q")[:LONGEST_SEARCH], given.text("sort") or "id"
    if sort not in SORTS:
        raise InvalidInput(f"Tasks are not sorted by {shown(sort)}.", hint=f"sort: {', '.join(SORTS)}.")
    query = {"q": search, "sort": sort, "order": "desc" if given.text("order") == "desc" else "asc"}
    found = ordered(listed(tasks, search), sort, query["order"] == "desc")
    pages = Pages(given.number("page", 1, FURTHEST) or 1, len(found))
    address = Address(f"/status/{study.id}", query, {"sort": "id", "order": "asc"})
    return {
        "study": study,
        "facts": facts_of(study),
        "counts": count(tasks),
        "tasks": found[pages.offset : pages.offset + pages.size],
        "pages": pages,
        "address": address,
        "live": address.to(f"/status/{study.id}/part", page=pages.page),
        "runs": study.state == StudyState.running,
        "done": study.state == StudyState.succeeded and study.summary is not None,
    }


STATUS = Face("status of K-Means Service", router, render=refused, below="/status")
