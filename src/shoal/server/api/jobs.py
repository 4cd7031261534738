"""Jobs: /api/v1/jobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BeforeValidator
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import events
from shoal.base.faults import fault_point
from shoal.jobs.model import Job
from shoal.jobs.requests.submitting import rerun
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import browsing, cancelling, reading
from shoal.jobs.store.changes import TOPIC
from shoal.jobs.store.explaining import explain
from shoal.server import offload
from shoal.server.api.filters import Where, filter_of
from shoal.server.api.paging import Cursor, Limit, decode, encode, part
from shoal.server.api.shapes.jobs import AttemptList, ExplanationShape, JobPage, JobWithSeq
from shoal.server.api.views import View, attempt_view, generation_view, job_view
from shoal.server.api.waiting import LATEST, After, Wait, changed, told_of, trouble_of
from shoal.server.faces import Face
from shoal.server.job_acts import allowed, may_change
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheDraining, TheHouse

CANCEL = fault_point("jobs_api.cancel", "Jobs are cancelled by a request.")
RERUN = fault_point("jobs_api.rerun", "Jobs are queued again by a request.")


PATH = "/api/v1/jobs"
router = APIRouter(prefix=PATH, tags=["jobs"])
Id = Annotated[int, Path(ge=1, le=LATEST, description="the job's id")]
Name = Annotated[str | None, Query(max_length=255)]
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
States = Annotated[
    list[State] | None,
    BeforeValidator(lambda given: given and [one for each in given for one in str(each).split(",")]),
    Query(description="any of these states, each a parameter or parted by commas"),
]
Changer = Annotated[Actor, Depends(Rule(Action.JOB_CHANGE))]


@router.get("", operation_id="list_jobs", summary="Find jobs", response_model=JobPage)
async def list_jobs(
    house: TheHouse,
    actor: Reader,
    state: States = None,
    kind: Annotated[list[str] | None, Query(description="any of these kinds")] = None,
    name: Name = None,
    parent: Annotated[int | None, Query(ge=1, le=LATEST, description="children of this job")] = None,
    whole: Annotated[bool, Query(description="leave out the elements of arrays and the steps")] = False,
    where: Where = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List jobs that fit every filter, the newest first."""
    matching, place = filter_of(where), decode(cursor, int)

    def find(conn: Connection) -> list[Job]:
        return reading.find(
            conn,
            owners=None if actor.admin else [actor.name],
            states=state,
            kinds=kind,
            name=name,
            parent=parent,
            whole=whole,
            matching=matching,
            before=place[0] if place else None,
            limit=limit + 1,
        )

    found = await offload.read(house.database, find)
    return part("jobs", found, limit, job_view, lambda last: encode(last.id))


@router.get("/{job}", operation_id="read_job", summary="Read a job", response_model=JobWithSeq)
async def read_job(
    job: Id, house: TheHouse, draining: TheDraining, actor: Reader, wait: Wait = 0, after: After = None
) -> Response:
    """Describe a job; with `wait`, once something about it changes or it has ended."""
    view = await job_now(house, actor, job)
    if wait and view["state"] not in ENDS:
        since = view["seq"] if after is None else after
        await changed(house, draining, lambda conn: told_of(conn, TOPIC, str(job), since), wait)
        view = await job_now(house, actor, job)
    return Json(view | {"trouble": trouble_of(house) if view["state"] not in ENDS else None})


@router.get(
    "/{job}/attempts",
    operation_id="list_attempts",
    summary="What was tried",
    response_model=AttemptList,
)
async def list_attempts(job: Id, house: TheHouse, actor: Reader) -> Response:
    """List the attempts at a job over all its generations."""

    def find(conn: Connection) -> dict[str, Any]:
        allowed(conn, actor, Action.JOB_READ, job)
        return {
            "attempts": [attempt_view(each) for each in reading.attempts_of(conn, job)],
            "generations": [generation_view(each) for each in reading.generations_of(conn, job)],
        }

    return Json(await offload.read(house.database, find))


@router.get(
    "/{job}/explain", operation_id="explain_job", summary="Why is it so?", response_model=ExplanationShape
)
async def explain_job(job: Id, house: TheHouse, actor: Reader) -> Response:
    """Say in words what a job waits for, does, or ended of."""

    def find(conn: Connection) -> dict[str, Any]:
        allowed(conn, actor, Action.JOB_READ, job)
        return asdict(explain(conn, job))

    return Json(await offload.read(house.database, find))


@router.post("/{job}/cancel", operation_id="cancel_job", summary="Stop a job", response_model=JobWithSeq)
async def cancel_job(job: Id, house: TheHouse, actor: Changer) -> Response:
    """Cancel a job with its children; one that has ended stays as it is."""

    def act(conn: Connection) -> None:
        allowed(conn, actor, Action.JOB_CHANGE, job)
        cancelling.cancel(conn, [job])

    await offload.write(house.database, CANCEL, act)
    return Json(await job_now(house, actor, job))


@router.post("/{job}/rerun", operation_id="rerun_job", summary="Run a job again", response_model=JobWithSeq)
async def rerun_job(job: Id, house: TheHouse, actor: Changer) -> Response:
    """Queue an ended job again as a new generation; of steps or an array what did not succeed."""

    def act(conn: Connection) -> None:
        may_change(actor, reading.get(conn, job))
        rerun(conn, [job])

    await offload.write(house.database, RERUN, act)
    return Json(await job_now(house, actor, job))


async def job_now(house: House, actor: Actor, job: int) -> View:
    """Return a job as it is now, how many of its parts are in which state, and where to go on watching."""

    def find(conn: Connection) -> View:
        found = allowed(conn, actor, Action.JOB_READ, job)
        children = browsing.children(conn, [job]).get(job)
        return job_view(found) | {"children": children, "seq": events.last(conn)}

    return await offload.read(house.database, find)


JOBS = Face("jobs", router)
