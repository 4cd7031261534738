"""/csv/labels: the file's own columns with the cluster of each row, counted from 0."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import IO, Any

import pyarrow.compute as pc
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import Conflict, Unavailable
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.api.waiting import changed
from shoal.server.draining import Draining
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import refused_file
from shoal.server.kmeans_service.arguments import arguments_of, both
from shoal.server.kmeans_service.job import Reader, found_job
from shoal.server.kmeans_service.task_page import task_id_of
from shoal.server.kmeans_service.tasks import Task, task_of, tasks_of
from shoal.server.parts import House
from shoal.server.rules import TheDraining, TheHouse
from shoal.server.spool import nameless, sent
from shoal.storage import datasets
from shoal.storage.export import export_csv
from shoal.studies import running
from shoal.studies.model import Study
from shoal.studies.results.archive import open_archive, opened_column
from shoal.studies.results.outputs import LABEL

PATIENCE = 60.0
router = APIRouter(include_in_schema=False)


@both(router, "/csv/labels", "GET")
async def labels(request: Request, house: TheHouse, draining: TheDraining, actor: Reader) -> Response:
    """Send the labels of any task that is done."""
    given = await arguments_of(request)

    def find(conn: Connection) -> tuple[Study, Task]:
        study = found_job(conn, actor, Action.STUDY_READ, given.text("job_id"))
        return study, task_of(tasks_of(conn, study), task_id_of(conn, study, given))

    study, task = await offload.read(house.database, find)
    if task.state != "done":
        why = task.fit.error if task.fit else ""
        raise Conflict(f"The task {task.id} has no labels: it is {task.state}.", hint=why)
    clusters = await _clusters(house, draining, study, task)
    file = await asyncio.to_thread(_written, house, study, clusters)
    return await sent(file, "text/csv; charset=utf-8", attachment(file_name(study, task)))


def file_name(study: Study, task: Task) -> str:
    """Return the documented name: job, covariance, tied or untied, and k."""
    shape, _, tied = task.covariance.partition("-")
    return f"{study.id}_{shape}_{tied}_{task.k}.csv"


async def _clusters(house: House, draining: Draining, study: Study, task: Task) -> Any:
    """Return the cluster of each row from 1; null for a row that was left out."""
    kept = study.summary["recommended"].get(task.covariance) if study.summary else None
    if kept is not None and kept["fit"] == task.id:
        return await asyncio.to_thread(lambda: open_archive(house.storage, study).column(task.covariance))
    job = await _opened(house, draining, study, task)
    return await asyncio.to_thread(opened_column, house.storage, job.result["artifact"])


async def _opened(house: House, draining: Draining, study: Study, task: Task) -> Job:
    id_ = await offload.write(
        house.database, running.CHANGED, lambda conn: running.open_fit(conn, study, task.id)
    )
    await changed(house, draining, lambda conn: reading.get(conn, id_).state in ENDS, PATIENCE)
    job = await offload.read(house.database, lambda conn: reading.get(conn, id_))
    if job.state != State.SUCCEEDED:
        why = (job.error or {}).get("message") or "Ask again in a few seconds."
        raise Unavailable("The labels could not be made in time.", hint=str(why))
    return job


def _written(house: House, study: Study, clusters: Any) -> IO[bytes]:
    source = study.source
    dataset = house.database.read(lambda conn: datasets.get(conn, source["id"], source["version"]))
    with ExitStack() as unless_written:
        file = unless_written.enter_context(nameless(house.spool))
        export_csv(house.storage, dataset, file, {LABEL: pc.subtract(clusters, 1)})
        unless_written.pop_all()
    return file


LABELS = Face("labels of K-Means Service", router, render=refused_file, below="/csv")
