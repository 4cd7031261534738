"""The event stream of a live task's page, and what its figures begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shoal.base.errors import NotFound
from shoal.live.model import LiveTask
from shoal.live.tasks import Change
from shoal.server.api.live_stream import until
from shoal.server.draining import Draining
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.live.looking import PATH, Id, Reader, seen
from shoal.server.pages.live.slots import Slots
from shoal.server.pages.live.telling import MILLISECOND, event_view, found_view
from shoal.server.pages.live.words import slow
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheDraining, TheHouse

router = APIRouter(prefix=f"{PATH}/{{task}}", include_in_schema=False)
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
MOST_HISTORY, MOST_EVENTS = 3_600, 100


@router.get("/stream")
async def stream(task: Id, house: TheHouse, draining: TheDraining, actor: Reader) -> Response:
    """Send `summary`, `event` and `state` as they come, at most ten times a second; `gone` is the last."""
    found = await seen(house, actor, task)
    lines = _lines(house, draining, found.task)
    return StreamingResponse(lines, media_type="text/event-stream", headers=HEADERS)


@router.get("/history")
async def history(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Send what the metrics were before somebody looked, and when something happened."""
    found = await seen(house, actor, task)
    points = await house.live.history(found.task.id, 0, MOST_HISTORY)
    events = await house.live.events(found.task.id)
    told = [point | {"at": point["at"] // MILLISECOND} for point in points]
    return Json({"history": told, "events": [one.at // MILLISECOND for one in events[-MOST_EVENTS:]]})


async def _lines(house: House, draining: Draining, task: LiveTask) -> AsyncIterator[bytes]:
    stop, slots = asyncio.Event(), Slots()
    draining.join(stop)
    try:
        async with aclosing(until(house.live.watch([task.id]), stop)) as changes:
            async for change in changes:
                yield _told(change, slots, await _slow(house, change))
                if change is not None and change.deleted:
                    return
    finally:
        draining.leave(stop)


async def _slow(house: House, change: Change | None) -> str:
    """Say that rows wait, if a change tells up to which the task has come."""
    if change is None or change.summary is None:
        return ""
    with suppress(NotFound):  # It is deleted; that is told next.
        most = house.settings.live.waiting_rows
        return slow(await house.live.get(change.task), change.summary, most)
    return ""


def _told(change: Change | None, slots: Slots, slow: str) -> bytes:
    """Return the messages of a change; None is a sign of life."""
    if change is None:
        return b": still here\n\n"
    if change.deleted:
        return _frame("gone", {})
    found = change.summary
    summary = _frame("summary", found_view(found, slots) | {"slow": slow}) if found else b""
    event = _frame("event", event_view(change.event)) if change.event else b""
    return summary + event + (_frame("state", {"state": change.state.state}) if change.state else b"")


def _frame(kind: str, data: dict[str, Any]) -> bytes:
    body = orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), body)


LIVE_STREAMS = Face("stream of a live task's page", router, render=error_page, below="/app")
