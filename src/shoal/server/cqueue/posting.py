"""POST /task: a document becomes a job."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.faults import fault_point
from shoal.jobs.requests import request as requests
from shoal.jobs.store import naming, reading
from shoal.server import offload
from shoal.server.cqueue.answers import refused
from shoal.server.cqueue.document import FACE, read, request_of
from shoal.server.cqueue.task import found_task, new_id
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

SUBMIT = fault_point("cqueue.submit", "A task of CQueue's requests is submitted.")
router = APIRouter(include_in_schema=False)
Creator = Annotated[Actor, Depends(Rule(Action.JOB_CREATE))]


@router.post("/task")
async def post_task(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Submit a task and answer its id; under an idempotency key that was used before, that one's."""
    document = read(await request.body())
    id_ = await offload.write(house.database, SUBMIT, lambda conn: _submit(conn, house, actor, document))
    return Json({"id": id_})


def _submit(conn: Connection, house: House, actor: Actor, document: dict[str, object]) -> str:
    def job_of(id_: str) -> int:
        return found_task(conn, actor, Action.JOB_READ, id_).id

    wanted = requests.read(request_of(document, job_of))
    house.requests.allow(actor, wanted)
    (job,) = house.requests.submit(conn, actor.name, wanted)
    if FACE not in (known := reading.get(conn, job).external_ids):
        known = {FACE: new_id()}
        naming.add(conn, job, known)
    return known[FACE]


POSTING = Face("tasks of CQueue", router, render=refused, open=True)
