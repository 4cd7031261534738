"""/report: what a finished job recommends, with its plots."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import refused
from shoal.server.kmeans_service.arguments import Arguments, arguments_of, both
from shoal.server.kmeans_service.axes import Axes, axes_of
from shoal.server.kmeans_service.choosing import Chosen, chosen
from shoal.server.kmeans_service.facts import facts_of
from shoal.server.kmeans_service.job import Reader, finished, found_job, least_of
from shoal.server.pages.frame import render
from shoal.server.rules import TheHouse
from shoal.studies.model import Study
from shoal.studies.store import stored
from shoal.studies.telling.answer import answer

router = APIRouter(include_in_schema=False)


class Read(NamedTuple):
    """What the page of a finished job shows."""

    study: Study
    chosen: Chosen
    axes: Axes


@both(router, "/report", "GET", "POST")
@both(router, "/report/{job_id}", "GET", "POST")
async def report(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Show the whole report."""
    given = await arguments_of(request)
    read = await offload.read(house.database, lambda conn: _finished(conn, actor, given))
    return render(request, "kmeans_report.html.j2", _context(read))


def _finished(conn: Connection, actor: Actor, given: Arguments) -> Read:
    study = finished(found_job(conn, actor, Action.STUDY_READ, given.text("job_id")))
    least, axes = least_of(study, given), axes_of(conn, study, given)
    return Read(study, chosen(study, stored.list_fits(conn, study.id), least), axes)


def _context(read: Read) -> dict[str, Any]:
    study, found, axes = read
    recorded = study.summary["best"] if study.summary else None
    same = recorded is not None and found.best is not None and recorded["fit"] == found.best.fit
    return {
        "study": study,
        "facts": facts_of(study),
        "chosen": found,
        "axes": axes,
        "answer": answer(study.summary).text if study.summary and same else "",
        "failed": study.summary["failed"] if study.summary else 0,
        "fields": {"job_id": study.id, "min_members": found.least, "x_axis": axes.x, "y_axis": axes.y},
    }


REPORT = Face("report of K-Means Service", router, render=refused, below="/report")
