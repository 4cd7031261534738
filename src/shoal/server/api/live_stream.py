"""What is new of a live task, as a stream of server-sent events: /api/v1/live/ID/stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from shoal.access import Action
from shoal.live.model import LiveTask, Summary
from shoal.live.tasks import Change
from shoal.server.api.live_finding import PATH, Id, Reader, found_task
from shoal.server.api.live_views import change_view
from shoal.server.draining import Draining
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.rules import TheDraining, TheHouse

KEEP_ALIVE = 15.0
END = b"event: end\ndata: {}\n\n"
router = APIRouter(prefix=PATH, tags=["live"])


@router.get(
    "/{task}/stream",
    operation_id="stream_live_task",
    summary="Watch a task",
    response_class=StreamingResponse,
    responses={200: {"description": "Events, until it is deleted.", "content": {"text/event-stream": {}}}},
)
async def stream_live_task(task: Id, house: TheHouse, draining: TheDraining, actor: Reader) -> Response:
    """Send how the task is, and again whenever that changes, at most ten times a second: the last counts.

    An event `change` has `task` (its line), `summary` (clusters and metrics) and `event` (what just
    happened, or null). `end` comes when the task is deleted.
    """
    found = await found_task(house, actor, Action.LIVE_READ, task)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    lines = _Stream(house, draining, found).lines()
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


class _Stream:
    def __init__(self, house: House, draining: Draining, task: LiveTask) -> None:
        self._house = house
        self._draining = draining
        self._task = task
        self._summary: Summary | None = None

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the stream until the task is deleted, the reader goes or the server stops."""
        stop = asyncio.Event()
        self._draining.join(stop)
        try:
            async with aclosing(until(self._house.live.watch([self._task.id]), stop)) as changes:
                async for change in changes:
                    if change is None:
                        yield b": still here\n\n"
                    elif change.deleted:
                        yield END
                        return
                    else:
                        yield self._frame(change)
        finally:
            self._draining.leave(stop)

    def _frame(self, change: Change) -> bytes:
        self._task = change.state or self._task
        self._summary = change.summary or self._summary
        data = orjson.dumps(
            change_view(change, self._task, self._summary),
            option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY,
        )
        return b"event: change\ndata: %s\n\n" % data


async def until(changes: AsyncIterator[Change], stop: asyncio.Event) -> AsyncGenerator[Change | None, None]:
    """Yield changes until an event is set, and None when there was none for a while."""
    stopped = asyncio.ensure_future(stop.wait())
    coming: asyncio.Future[Change | None] | None = None
    try:
        while not stop.is_set():
            coming = coming or asyncio.ensure_future(_next(changes))
            either: set[asyncio.Future[Any]] = {coming, stopped}
            await asyncio.wait(either, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                if not stop.is_set():
                    yield None
                continue
            change, coming = coming.result(), None
            if change is None:
                return
            yield change
    finally:
        stopped.cancel()
        if coming is not None:
            coming.cancel()
            await asyncio.wait({coming})
        await changes.aclose()  # type: ignore[attr-defined]


async def _next(changes: AsyncIterator[Change]) -> Change | None:
    return await anext(changes, None)


LIVE_STREAM = Face("the stream of a live task", router)
