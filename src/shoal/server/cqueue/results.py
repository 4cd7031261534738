"""GET /task/ID/result: what a task wrote; and each item of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from shoal.access import Action, Actor
from shoal.base.errors import Conflict, NotFound
from shoal.jobs import logs
from shoal.jobs.model import Attempt
from shoal.jobs.states import ENDS
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.cqueue.answers import refused
from shoal.server.cqueue.status import status_of
from shoal.server.cqueue.task import Id, Reader, found_task
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

ITEMS = "items.jsonl"
PIECE = 1 << 20
PLAIN = {"X-Content-Type-Options": "nosniff"}
router = APIRouter(include_in_schema=False)


@router.get("/task/{id}/result")
async def read_result(
    id: Id, house: TheHouse, actor: Reader, partial: Annotated[bool, Query()] = False
) -> Response:
    """Send what the newest attempt wrote; before the end only with `partial=1`."""
    attempt = await offload.read(house.database, lambda conn: _newest(conn, actor, id, partial))
    written = _written(house.home.logs, attempt) if attempt is not None else iter(())
    return StreamingResponse(written, media_type="text/plain; charset=utf-8", headers=PLAIN)


@router.get("/task/{id}/items/{n}")
async def read_item(
    id: Id, n: Annotated[int, Path(ge=-(10**18), le=10**18)], house: TheHouse, actor: Reader
) -> Response:
    """Tell how one item of a batch ended, and what it wrote."""
    attempt = await offload.read(house.database, lambda conn: _newest(conn, actor, id, partial=False))
    item = await asyncio.to_thread(_item, house, attempt, n)
    if item is None:
        raise NotFound(f"The task {id} has no item {n}.", code="unknown_task")
    return Json(item)


def _newest(conn: Connection, actor: Actor, id_: str, partial: bool) -> Attempt | None:
    job = found_task(conn, actor, Action.JOB_READ, id_)
    if job.state not in ENDS and not partial:
        raise Conflict(
            f"The task {id_} has not ended: it is {status_of(job.state)}.",
            hint="Ask again later, or with ?partial=1 for what there is.",
            code="unfinished_task",
        )
    return next(reversed(reading.attempts_of(conn, job.id)), None)


def _written(folder: FilePath, attempt: Attempt) -> Iterator[bytes]:
    """Give stdout and stderr as they came, without what Shoal says between."""
    key = attempt.log or logs.log_key(attempt.job, attempt.generation, attempt.number)
    for stretch in logs.pieces(folder, key):
        at, end = stretch.offset, stretch.offset + stretch.length
        while stretch.stream != logs.SAID and at < end:
            content = logs.read(folder, key, at, min(PIECE, end - at)).content
            if not content:
                return
            at += len(content)
            yield content


def _item(house: House, attempt: Attempt | None, n: int) -> dict[str, Any] | None:
    kept = (attempt.facts or {}).get("artifacts", ()) if attempt is not None else ()
    key = next((each["key"] for each in kept if each["name"] == ITEMS), None)
    if key is None:
        return None
    with house.storage.open(key) as file:
        for line in file:
            if (item := orjson.loads(line)).get("item") == n:
                return dict(item)
    return None


RESULTS = Face("results of CQueue", router, render=refused, open=True)
