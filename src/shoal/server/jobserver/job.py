"""/job: one job, from its document to its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import clock
from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.jobs.model import Job, NewJob
from shoal.jobs.states import ACTIVE, State
from shoal.jobs.store import cancelling, editing, reading, submission
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.job_acts import drop_logs
from shoal.server.jobserver.answers import refused
from shoal.server.jobserver.bodies import object_of
from shoal.server.jobserver.document import FACE, RUNS_WITH, document, told_by_user
from shoal.server.jobserver.finding import found_job
from shoal.server.jobserver.words import new_id, time_of
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.storage.objects import checked_id

CREATE = fault_point("jobserver.create", "A job's document is kept.")
CHANGE = fault_point("jobserver.change", "A job's document is changed, or the job is queued or removed.")
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.JOB_CREATE))]
Changer = Annotated[Actor, Depends(Rule(Action.JOB_CHANGE))]


@router.put("/job")
async def create_job(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Create a job under a new id."""
    return await _created(request, house, actor, new_id())


@router.put("/job/{id}")
async def create_named_job(id: str, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Create a job under a given id; 409 when there is one."""
    return await _created(request, house, actor, checked_id(id))


@router.get("/job/{id}")
async def read_job(id: str, house: TheHouse, actor: Reader) -> Response:
    """Show a job."""
    found = await offload.read(house.database, lambda conn: found_job(conn, actor, Action.JOB_READ, id))
    return Json(document(found))


@router.post("/job/{id}")
async def change_job(id: str, request: Request, house: TheHouse, actor: Changer) -> Response:
    """Change or add keys; once it was started not those that say what it runs."""
    given = told_by_user(await object_of(request))
    return await acted(house, actor, id, lambda conn, job: change(conn, job, given))


@router.delete("/job/{id}")
async def delete_job(id: str, house: TheHouse, actor: Changer) -> Response:
    """Remove a job; 409 while it runs."""

    def act(conn: Connection) -> list[str]:
        return remove(conn, found_job(conn, actor, Action.JOB_CHANGE, id))

    logs = await offload.write(house.database, CHANGE, act)
    await asyncio.to_thread(drop_logs, house, logs)
    return Json({"status": 200, "message": f"Job {id} is deleted.", "acknowledged": True})


async def acted(
    house: House, actor: Actor, id: str, act: Callable[[Connection, Job], None], status: int = 200
) -> Response:
    """Do something to a job that an actor may change, and show it as it is then."""

    def work(conn: Connection) -> Job:
        found = found_job(conn, actor, Action.JOB_CHANGE, id)
        act(conn, found)
        return reading.get(conn, found.id)

    return Json(document(await offload.write(house.database, CHANGE, work)), status)


def change(conn: Connection, job: Job, given: Mapping[str, Any]) -> None:
    """Put keys into a job's document; raises Conflict when they would change what a started job ran with."""
    fixed = RUNS_WITH if job.state is not State.DRAFT else ()
    if changed := [name for name in fixed if name in given and given[name] != job.extra.get(name)]:
        hint = "Make another job, with PUT."
        raise Conflict(f"The job was started: {', '.join(changed)} cannot be changed.", hint=hint)
    editing.annotate(conn, job.id, {**job.extra, **given, "edited": time_of(clock.now())})


def remove(conn: Connection, job: Job) -> list[str]:
    """Remove a job, out of the queue too; returns its logs. Raises Conflict while it runs."""
    if job.state in ACTIVE:
        hint = f"Wait for its end, or stop it: POST /api/v1/jobs/{job.id}/cancel."
        raise Conflict("The job runs.", hint=hint)
    cancelling.cancel(conn, [job.id])
    return editing.remove(conn, [job.id]).logs


async def _created(request: Request, house: House, actor: Actor, id: str) -> Response:
    extra = told_by_user(await object_of(request))
    # What it runs is not known before it is run; until then it is a draft of the commonest kind.
    new = NewJob("function", extra=extra, external_ids={FACE: id}, draft=True)

    def act(conn: Connection) -> Job:
        if reading.resolve_external(conn, FACE, id) is not None:
            raise Conflict(f"There is a job {id} already.", hint="Change it with POST, or choose another id.")
        return reading.get(conn, submission.submit(conn, actor.name, [new])[0])

    return Json(document(await offload.write(house.database, CREATE, act)), 201)


JOB = Face("job of Jobserver", router, render=refused, open=True, below="/job")
