"""DELETE /task/ID: a task that has not ended is cancelled, one that has is forgotten."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.faults import fault_point
from shoal.jobs.states import ENDS
from shoal.jobs.store import cancelling, editing
from shoal.server import offload
from shoal.server.cqueue.answers import refused
from shoal.server.cqueue.task import Id, found_task
from shoal.server.faces import Face
from shoal.server.job_acts import drop_logs, may_change
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

END = fault_point("cqueue.end", "A task of CQueue's requests is cancelled or forgotten.")
router = APIRouter(include_in_schema=False)
Changer = Annotated[Actor, Depends(Rule(Action.JOB_CHANGE))]


@router.delete("/task/{id}")
async def delete_task(id: Id, house: TheHouse, actor: Changer) -> Response:
    """Cancel a task, or remove the record of one that has ended."""

    def act(conn: Connection) -> list[str] | None:
        job = found_task(conn, actor, Action.JOB_CHANGE, id)
        may_change(actor, job)
        if job.state in ENDS:
            return editing.remove(conn, [job.id]).logs
        cancelling.cancel(conn, [job.id])
        return None

    left = await offload.write(house.database, END, act)
    if left is None:
        return Json({"id": id, "status": "CANCELED"})
    await asyncio.to_thread(drop_logs, house, left)
    return Json({"id": id, "removed": True})


ENDING = Face("ends of CQueue", router, render=refused, open=True)
