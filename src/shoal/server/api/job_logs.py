"""Logs of jobs: /api/v1/jobs/ID/log."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.jobs import logs
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.api.jobs import Id
from shoal.server.api.waiting import LATEST
from shoal.server.draining import Draining
from shoal.server.faces import Face
from shoal.server.job_acts import allowed
from shoal.server.log_following import Part, follow, place_of
from shoal.server.log_searching import found_lines
from shoal.server.parts import House
from shoal.server.rules import Rule, TheDraining, TheHouse

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
NEXT = "X-Next-Offset"
TEXT = "text/plain; charset=utf-8"
NAMES = {"out": logs.STDOUT, "err": logs.STDERR, "shoal": logs.SAID}
WORDS = {stream: name for name, stream in NAMES.items()}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
StreamName = Literal["all", "out", "err", "shoal"]
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {NEXT: {"schema": {"type": "integer"}, "description": "where to read on"}},
        "content": {"text/event-stream": {}},
    },
    206: {"description": "The bytes that the header `Range` asked for.", "content": {"text/plain": {}}},
}


@router.get(
    "/{job}/log",
    operation_id="read_job_log",
    summary="What a job wrote",
    response_class=PlainTextResponse,
    responses=RESPONSES,
)
async def read_job_log(
    job: Id,
    house: TheHouse,
    draining: TheDraining,
    actor: Reader,
    attempt: Annotated[
        int | None,
        Query(ge=1, le=LATEST, description="an attempt's `fence`; the newest if not given"),
    ] = None,
    stream: Annotated[StreamName, Query(description="whose words; `shoal` is what Shoal says")] = "all",
    search: Annotated[
        str | None, Query(min_length=1, max_length=255, description="only the lines that hold this text")
    ] = None,
    goes_on: Annotated[
        bool, Query(alias="follow", description="send what comes until the job has ended")
    ] = False,
    offset: Annotated[int, Query(ge=0, le=LATEST, description="bytes to skip")] = 0,
    size: Annotated[int, Query(ge=1, le=16 << 20, description="bytes at most")] = 1 << 20,
    wanted: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
    accept: Annotated[str, Header(max_length=1000)] = "",
) -> Response:
    """Send a part of the log of one attempt; empty while it has written nothing.

    With `follow` the answer goes on, over attempts to come too: as text, or as events (`Accept:
    text/event-stream`) named out, err or shoal, whose data has `text` (or `base64`), `attempt` and `offset`.
    """
    key = await offload.read(house.database, lambda conn: _key(conn, actor, job, attempt))
    if goes_on:
        parts = _of(follow(house, draining, job, attempt, offset), stream)
        return _streamed(parts, "text/event-stream" in accept, draining)
    if search is not None:
        lines = await asyncio.to_thread(found_lines, house.home.logs, key, NAMES.get(stream), search, size)
        return _text(b"".join(lines))
    if wanted is not None and stream == "all" and (bounds := _RANGE.fullmatch(wanted)):
        return await asyncio.to_thread(_range, house, key, *bounds.groups())
    piece = logs.Piece(b"", offset)
    if key is not None and stream == "all":
        piece = await asyncio.to_thread(logs.read, house.home.logs, key, offset, size)
    elif key is not None:
        piece = await asyncio.to_thread(logs.read_stream, house.home.logs, key, NAMES[stream], offset, size)
    return _text(piece.content, {NEXT: str(piece.next), "Accept-Ranges": "bytes"})


def _text(content: bytes, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    safe = {"X-Content-Type-Options": "nosniff"} | (headers or {})
    return Response(content, status, media_type=TEXT, headers=safe)


def _range(house: House, key: str | None, first: str, last: str) -> Response:
    path = house.home.logs / key if key is not None else None
    size = path.stat().st_size if path is not None and path.exists() else 0
    begin = int(first) if first else max(0, size - int(last or 0))
    end = min(size, int(last) + 1 if first and last else size)
    if begin >= end or path is None:
        headers = {"Content-Range": f"bytes */{size}"}
        raise HTTPException(416, f"The log has {size:,} bytes, and none of those.", headers)
    content = logs.read(house.home.logs, str(key), begin, min(end - begin, 16 << 20)).content
    told = {
        "Content-Range": f"bytes {begin}-{begin + len(content) - 1}/{size}",
        NEXT: str(begin + len(content)),
    }
    return _text(content, told, 206)


async def _of(parts: AsyncIterator[Part], stream: str) -> AsyncIterator[Part]:
    async for part in parts:
        if not part.content or stream == "all" or NAMES[stream] == part.stream:
            yield part


def _streamed(parts: AsyncIterator[Part], as_events: bool, draining: Draining) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
    kind = "text/event-stream" if as_events else TEXT
    return StreamingResponse(
        _events(parts, draining) if as_events else _bytes(parts), media_type=kind, headers=headers
    )


async def _bytes(parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    async for part in parts:
        if part.content:
            yield part.content


async def _events(parts: AsyncIterator[Part], draining: Draining) -> AsyncIterator[bytes]:
    async for part in parts:
        yield _event(part) if part.content else b": still here\n\n"
    if not draining.begun:
        yield b"event: end\ndata: {}\n\n"


def _event(part: Part) -> bytes:
    # In ASCII: readers of lines take U+2028 and its like for their ends.
    data: dict[str, Any] = {"attempt": part.fence, "offset": part.offset}
    try:
        data["text"] = part.content.decode()
    except UnicodeDecodeError:
        data["base64"] = b64encode(part.content).decode()
    return b"event: %s\ndata: %s\n\n" % (WORDS[part.stream].encode(), json.dumps(data).encode())


def _key(conn: Connection, actor: Actor, job: int, attempt: int | None) -> str | None:
    allowed(conn, actor, Action.JOB_READ, job)
    attempts = reading.attempts_of(conn, job)
    if attempt is None:
        return place_of(attempts[-1]) if attempts else None
    for each in attempts:
        if each.fence == attempt:
            return place_of(each)
    raise NotFound(f"Job {job} has no attempt {attempt}.")


JOB_LOGS = Face("job logs", router)
