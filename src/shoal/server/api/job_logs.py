"""Logs of jobs: /api/v1/jobs/ID/log."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import PlainTextResponse, Response

from shoal.access import Action, Actor, Resource, require
from shoal.base.errors import NotFound
from shoal.jobs import logs
from shoal.jobs.model import Attempt
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.api.jobs import Id
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.rules import Rule, TheHouse

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
NEXT = "X-Next-Offset"


@router.get(
    "/{job}/log",
    operation_id="read_job_log",
    summary="What a job wrote",
    response_class=PlainTextResponse,
    responses={200: {"headers": {NEXT: {"schema": {"type": "integer"}, "description": "where to read on"}}}},
)
async def read_job_log(
    job: Id,
    house: TheHouse,
    actor: Reader,
    attempt: Annotated[
        int | None,
        Query(ge=1, le=LATEST, description="an attempt's `fence`; the newest if not given"),
    ] = None,
    offset: Annotated[int, Query(ge=0, le=LATEST, description="bytes to skip")] = 0,
    size: Annotated[int, Query(ge=1, le=16 << 20, description="bytes at most")] = 1 << 20,
) -> Response:
    """Send a part of the log of one attempt; empty while it has written nothing."""
    key = await offload.read(house.database, lambda conn: _key(conn, actor, job, attempt))
    piece = logs.Piece(b"", offset)
    if key is not None:
        piece = await asyncio.to_thread(logs.read, house.home.logs, key, offset, size)
    headers = {NEXT: str(piece.next), "X-Content-Type-Options": "nosniff"}
    return Response(piece.content, media_type="text/plain; charset=utf-8", headers=headers)


def _key(conn: Connection, actor: Actor, job: int, attempt: int | None) -> str | None:
    require(actor, Action.JOB_READ, Resource("job", job, reading.get(conn, job).owner))
    attempts = reading.attempts_of(conn, job)
    if attempt is None:
        return _place(attempts[-1]) if attempts else None
    for each in attempts:
        if each.fence == attempt:
            return _place(each)
    raise NotFound(f"Job {job} has no attempt {attempt}.")


def _place(attempt: Attempt) -> str:
    # A running attempt's log has its place before the row says so.
    return attempt.log or logs.log_key(attempt.job, attempt.generation, attempt.number)


JOB_LOGS = Face("job logs", router)
