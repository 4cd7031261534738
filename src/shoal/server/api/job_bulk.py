"""What is done to many jobs at once: /api/v1/jobs/{cancel,rerun,remove}."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.faults import fault_point
from shoal.jobs.model import Job
from shoal.jobs.requests.submitting import rerun
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import cancelling, editing, reading
from shoal.server import offload
from shoal.server.api.jobs import PATH, Id
from shoal.server.api.shapes.bulk import ChangedShape, JobsFilter, ManyWish
from shoal.server.faces import Face
from shoal.server.job_acts import allowed, drop_logs, may_change
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

CHANGE = fault_point("jobs_api.change_many", "Many jobs are cancelled, queued again or removed by a request.")
MOST = 10_000
router = APIRouter(prefix=PATH, tags=["jobs"])
Changer = Annotated[Actor, Depends(Rule(Action.JOB_CHANGE))]
Act = Callable[[Connection, Sequence[int]], object]


@router.post("/cancel", operation_id="cancel_jobs", summary="Stop many jobs", response_model=ChangedShape)
async def cancel_jobs(wish: ManyWish, house: TheHouse, actor: Changer) -> Response:
    """Cancel jobs with their children; `left` are those that have ended."""
    return await _done(house, actor, wish, lambda job: job.state not in ENDS, cancelling.cancel)


@router.post("/rerun", operation_id="rerun_jobs", summary="Run many jobs again", response_model=ChangedShape)
async def rerun_jobs(wish: ManyWish, house: TheHouse, actor: Changer) -> Response:
    """Queue ended jobs again; `left` are those that have not ended. Of steps, those that did not succeed."""
    return await _done(house, actor, wish, lambda job: job.state in ENDS, rerun)


@router.post("/remove", operation_id="remove_jobs", summary="Forget many jobs", response_model=ChangedShape)
async def remove_jobs(wish: ManyWish, house: TheHouse, actor: Changer) -> Response:
    """Take drafts and ended jobs away for good, with their logs; `left` are the others."""

    def is_done(job: Job) -> bool:
        return job.state in ENDS or job.state is State.DRAFT

    return await _done(house, actor, wish, is_done, editing.remove)


@router.delete("/{job}", operation_id="delete_job", summary="Forget a job", status_code=204)
async def delete_job(job: Id, house: TheHouse, actor: Changer) -> Response:
    """Take a job away for good, with its children and their logs; 409 while it runs or waits."""

    def act(conn: Connection) -> editing.Removed:
        allowed(conn, actor, Action.JOB_CHANGE, job)
        return editing.remove(conn, [job])

    removed = await offload.write(house.database, CHANGE, act)
    await asyncio.to_thread(drop_logs, house, removed.logs)
    return Response(status_code=204)


async def _done(
    house: House, actor: Actor, wish: ManyWish, fits: Callable[[Job], bool], act: Act
) -> Response:
    def work(conn: Connection) -> tuple[list[int], list[int], object]:
        found = _chosen(conn, actor, wish)
        for job in found:
            may_change(actor, job)
        fitting = [job.id for job in found if fits(job)]
        left = sorted({job.id for job in found}.difference(fitting))
        return fitting, left, act(conn, fitting) if fitting else None

    changed, left, done = await offload.write(house.database, CHANGE, work)
    if isinstance(done, editing.Removed):
        await asyncio.to_thread(drop_logs, house, done.logs)
    return Json({"changed": changed, "left": left})


def _chosen(conn: Connection, actor: Actor, wish: ManyWish) -> list[Job]:
    if wish.ids is not None:
        return [allowed(conn, actor, Action.JOB_READ, job) for job in dict.fromkeys(wish.ids)]
    owners = None if actor.admin else [actor.name]
    return reading.find(conn, owners=owners, limit=MOST, **(wish.filter or JobsFilter()).filters)


JOB_BULK = Face("many jobs", router)
