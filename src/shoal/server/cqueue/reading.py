"""GET /task: how tasks are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection, select
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.jobs.states import State
from shoal.jobs.store import reading
from shoal.jobs.store.tables import externals, jobs
from shoal.server import offload
from shoal.server.api.paging import Cursor, Limit, decode, encode
from shoal.server.cqueue.answers import refused
from shoal.server.cqueue.document import FACE
from shoal.server.cqueue.status import STATUSES, states_of, status_of
from shoal.server.cqueue.task import Id, Reader, described, found_task
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import TheHouse
from shoal.storage.words import shown

router = APIRouter(include_in_schema=False)


@router.get("/task")
async def list_tasks(
    house: TheHouse, actor: Reader, status: str = "", limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List tasks, the newest first, in parts; `status` is one of the six words and CANCELED."""
    if status and status not in STATUSES:
        raise InvalidInput(f"status is {shown(status)!r}; it can be {', '.join(STATUSES)}.")
    place = decode(cursor, int)

    def find(conn: Connection) -> list[Any]:
        return _found(conn, actor, status, place[0] if place else None, limit + 1)

    rows = await offload.read(house.database, find)
    tasks = [{"id": row.external_id, "status": status_of(State(row.state))} for row in rows[:limit]]
    more = encode(rows[limit - 1].id) if len(rows) > limit else None
    return Json({"tasks": tasks, "cursor": more})


@router.get("/task/{id}")
async def read_task(
    id: Id, house: TheHouse, actor: Reader, details: Annotated[bool, Query()] = False
) -> Response:
    """Answer the status, as documented; with `details=1` also what is known of every attempt."""

    def find(conn: Connection) -> dict[str, Any]:
        job = found_task(conn, actor, Action.JOB_READ, id)
        if not details:
            return {"status": status_of(job.state)}
        return described(job, reading.attempts_of(conn, job.id))

    return Json(await offload.read(house.database, find))


def _found(conn: Connection, actor: Actor, status: str, before: int | None, limit: int) -> list[Any]:
    query = (
        select(externals.c.external_id, jobs.c.id, jobs.c.state)
        .join(jobs, jobs.c.id == externals.c.job)
        .where(externals.c.face == FACE)
        .order_by(jobs.c.id.desc())
        .limit(limit)
    )
    if not actor.admin:
        query = query.where(jobs.c.owner == actor.name)
    if status:
        query = query.where(jobs.c.state.in_(states_of(status)))
    if before is not None:
        query = query.where(jobs.c.id < before)
    return list(conn.execute(query).all())


READING = Face("states of CQueue", router, render=refused, below="/task", open=True)
