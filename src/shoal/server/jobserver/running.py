"""/job/ID/run: start a job, once."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action
from shoal.base import clock
from shoal.base.errors import Conflict
from shoal.jobs.model import Job
from shoal.jobs.requests.request import JobRequest, read
from shoal.jobs.states import State
from shoal.jobs.store import editing, reading
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.jobserver.answers import refused
from shoal.server.jobserver.document import data_shown, script_shown
from shoal.server.jobserver.finding import found_job
from shoal.server.jobserver.job import Changer, acted
from shoal.server.jobserver.wishes import wish_of
from shoal.server.jobserver.words import time_of
from shoal.server.parts import House
from shoal.server.rules import TheHouse

PATH = "/job/{id}/run"
router = APIRouter(include_in_schema=False)


@router.api_route(PATH, methods=["GET", "POST", "PUT"])
async def run_job(id: str, house: TheHouse, actor: Changer) -> Response:
    """Start a job and show it; 409 when it was started before."""
    request = await offload.read(
        house.database, lambda conn: request_of(found_job(conn, actor, Action.JOB_CHANGE, id))
    )
    await asyncio.to_thread(house.requests.prepare, actor, request)
    return await acted(house, actor, id, lambda conn, now: _start(conn, house, now), 202)


def request_of(job: Job) -> JobRequest:
    """Return what a job's document asks for.

    Raises:
        Conflict: it was started before.
        InvalidInput: it cannot be run.
    """
    if job.state is not State.DRAFT:
        raise Conflict("The job was started before.", hint="A job runs once. Make another with PUT.")
    wish = wish_of(job.extra)
    name: Any = wish.get("script")
    return read(wish | {"extra": job.extra, "name": name if isinstance(name, str) else ""})


def _start(conn: Connection, house: House, job: Job) -> None:
    request = request_of(job)
    house.requests.revise(conn, job, request)
    bound = reading.get(conn, job.id).spec.get("data")
    moment = time_of(clock.now())
    extra = job.extra | {"started": moment, "edited": moment}
    extra["script"] = script_shown(wish_of(job.extra), job.extra.get("script"))
    if bound:
        extra["data"] = data_shown(bound, job.extra.get("data"))
    editing.annotate(conn, job.id, extra)
    house.requests.release(conn, reading.get(conn, job.id))


RUNNING = Face("run of Jobserver", router, render=refused, open=True, acting_gets=frozenset({PATH}))
