"""/rerun: chosen tasks wait again, and then run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import Conflict, InvalidInput
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import onward, refused
from shoal.server.kmeans_service.arguments import Arguments, arguments_of, both, whole
from shoal.server.kmeans_service.job import found_job
from shoal.server.kmeans_service.tasks import MOST_TASKS, listed, tasks_of
from shoal.server.rules import Rule, TheHouse
from shoal.studies import running
from shoal.studies.model import Study
from shoal.studies.wording import counted

router = APIRouter(include_in_schema=False)
Changer = Annotated[Actor, Depends(Rule(Action.STUDY_CHANGE))]


@both(router, "/rerun", "POST")
async def rerun(request: Request, house: TheHouse, actor: Changer) -> Response:
    """Run tasks again with the same parameters; their results replace the old ones."""
    given, workers = await arguments_of(request), house.settings.workers
    chosen: list[int] = []

    def act(conn: Connection) -> None:
        study = found_job(conn, actor, Action.STUDY_CHANGE, given.text("job_id"))
        chosen[:] = _chosen(conn, study, given)
        _again(conn, study, chosen, workers)

    await offload.write(house.database, running.CHANGED, act)
    told = f"{counted(len(chosen), 'task')} {'waits' if len(chosen) == 1 else 'wait'} to run again."
    return onward(request, f"/status/{given.text('job_id')}", told)


def task_ids(texts: Sequence[str]) -> list[int]:
    """Return the ids in comma lists, each once; raises InvalidInput."""
    words = (word.strip() for text in texts for word in text.split(","))
    return sorted({whole("task_ids", word, 0, MOST_TASKS) for word in words if word})


def _chosen(conn: Connection, study: Study, given: Arguments) -> list[int]:
    """Return the tasks that are named, or all that the page's search found."""
    if given.flag("listed"):
        return [task.id for task in listed(tasks_of(conn, study), given.text("q"))]
    return task_ids(given.texts("task_ids"))


def _again(conn: Connection, study: Study, chosen: list[int], workers: int) -> None:
    here = f"/status/{study.id}"
    if not chosen:
        raise InvalidInput("No task is chosen.", hint="Name them in task_ids: 3,4.", back=here)
    try:
        running.rerun(conn, study, chosen, workers=workers)
    except (Conflict, InvalidInput) as error:
        error.details["back"] = here
        raise


RERUNNING = Face("rerun of K-Means Service", router, render=refused, below="/rerun")
