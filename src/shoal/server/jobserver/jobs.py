"""/jobs: all jobs, those that fit a filter, and away with them."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.jobs.states import ACTIVE
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.job_acts import drop_logs
from shoal.server.jobserver.answers import refused
from shoal.server.jobserver.bodies import object_of
from shoal.server.jobserver.document import FACE, document
from shoal.server.jobserver.filters import conditions
from shoal.server.jobserver.finding import find_jobs
from shoal.server.jobserver.job import CHANGE, Changer, Reader, remove
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

router = APIRouter(include_in_schema=False)


@router.get("/jobs")
async def list_jobs(house: TheHouse, actor: Reader) -> Response:
    """List jobs, the oldest first."""
    return await _listed(house, actor, {})


@router.post("/jobs")
async def filter_jobs(request: Request, house: TheHouse, actor: Reader) -> Response:
    """List the jobs that fit a filter, among those that may be seen."""
    return await _listed(house, actor, await object_of(request))


@router.delete("/jobs")
async def delete_jobs(house: TheHouse, actor: Changer) -> Response:
    """Remove every job that is not running."""

    def act(conn: Connection) -> tuple[int, int, list[str]]:
        total, jobs = find_jobs(conn, actor)
        for job in jobs:
            require(actor, Action.JOB_CHANGE, Resource("job", job.external_ids[FACE], job.owner))
        idle = [job for job in jobs if job.state not in ACTIVE]
        logs = [log for job in idle for log in remove(conn, job)]
        return len(idle), total, logs

    deleted, total, logs = await offload.write(house.database, CHANGE, act)
    await asyncio.to_thread(drop_logs, house, logs)
    return Json({"deleted": deleted, "total": total, "acknowledged": True})


async def _listed(house: House, actor: Actor, wanted: dict[str, Any]) -> Response:
    total, found = await offload.read(
        house.database, lambda conn: find_jobs(conn, actor, conditions(conn, wanted))
    )
    return Json({"found": total, "jobs": [document(job) for job in found]})


JOBS = Face("jobs of Jobserver", router, render=refused, open=True, below="/jobs")
