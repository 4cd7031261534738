"""/report/task: one task, or the best."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput, NotFound
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import refused
from shoal.server.kmeans_service.arguments import Arguments, arguments_of, both
from shoal.server.kmeans_service.axes import axes_of
from shoal.server.kmeans_service.choosing import chosen
from shoal.server.kmeans_service.facts import facts_of
from shoal.server.kmeans_service.job import Reader, finished, found_job, least_of
from shoal.server.kmeans_service.tasks import MOST_TASKS, task_of, tasks_of
from shoal.server.pages.frame import render
from shoal.server.rules import TheHouse
from shoal.studies.model import Study
from shoal.studies.store import stored

router = APIRouter(include_in_schema=False)


@both(router, "/report/task", "GET")
async def show_task(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Show one task with its plot."""
    given = await arguments_of(request)
    context = await offload.read(house.database, lambda conn: _context(conn, actor, given))
    return render(request, "kmeans_task.html.j2", context)


def task_id_of(conn: Connection, study: Study, given: Arguments) -> int:
    """Return which task is meant: the one that is named, or with `plot_best` the best.

    Raises:
        InvalidInput: none is named.
        Conflict: the best is asked for, and the job has not ended.
        NotFound: the best is asked for, and none is recommended.
    """
    number = given.number("task_id", 0, MOST_TASKS)
    if not given.flag("plot_best"):
        if number is None:
            raise InvalidInput("Say which task: task_id is missing.", hint="Or the best one: plot_best=True.")
        return number
    least = least_of(finished(study), given)
    best = chosen(study, stored.list_fits(conn, study.id), least).best
    if best is None:
        text = f"No task has all clusters at {least} rows or more."
        raise NotFound(text, hint="Allow smaller clusters.", back=f"/report/{study.id}?min_members={least}")
    return best.fit


def _context(conn: Connection, actor: Actor, given: Arguments) -> dict[str, Any]:
    study = found_job(conn, actor, Action.STUDY_READ, given.text("job_id"))
    task = task_of(tasks_of(conn, study), task_id_of(conn, study, given))
    axes = axes_of(conn, study, given)
    return {
        "study": study,
        "facts": facts_of(study),
        "task": task,
        "best": given.flag("plot_best"),
        "ticks": given.flag("show_ticks", default=True),
        "axes": axes,
        "fields": {"job_id": study.id, "task_id": task.id, "x_axis": axes.x, "y_axis": axes.y},
    }


TASK_PAGE = Face("task of K-Means Service", router, render=refused)
