"""What happens, as a stream of server-sent events that can be resumed: /api/v1/events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response, StreamingResponse

from shoal.access import Action
from shoal.base import events
from shoal.base.database import Database
from shoal.server import offload
from shoal.server.api.waiting import LATEST, wakes
from shoal.server.draining import Draining
from shoal.server.faces import Face
from shoal.server.rules import Rule, TheDraining, TheHouse

KEEP_ALIVE = 15.0
BATCH = 1000
router = APIRouter(prefix="/api/v1/events", tags=["events"])


@router.get(
    "",
    operation_id="stream_events",
    summary="Watch what happens",
    response_class=StreamingResponse,
    responses={200: {"description": "Events, for ever.", "content": {"text/event-stream": {}}}},
    dependencies=[Depends(Rule(Action.EVENT_READ))],
)
async def stream_events(
    house: TheHouse,
    draining: TheDraining,
    topic: Annotated[
        list[str] | None, Query(description="only these topics, like `studies` or `jobs`")
    ] = None,
    subject: Annotated[str | None, Query(description="only what happens to the thing with this id")] = None,
    after: Annotated[int | None, Query(ge=0, le=LATEST, description="resume after this number")] = None,
    last_event_id: Annotated[str | None, Header(description="what a browser resumes after")] = None,
) -> Response:
    """Send each event with its number as `id`, its kind as `event` and a JSON object as `data`.

    Without a number to resume after, the stream begins with what happens next; its first line is a comment
    with the present number.
    """
    begin = await _beginning(house.database, after, last_event_id)
    stream = _Stream(house.database, draining, begin, topic, subject)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream.lines(), media_type="text/event-stream", headers=headers)


async def _beginning(database: Database, after: int | None, last_event_id: str | None) -> int:
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdecimal():
        return min(int(last_event_id[:19]), LATEST)
    return after if after is not None else await offload.read(database, events.last)


class _Stream:
    def __init__(
        self,
        database: Database,
        draining: Draining,
        begin: int,
        topics: list[str] | None,
        subject: str | None,
    ) -> None:
        self._database = database
        self._draining = draining
        self._seq = begin
        self._topics = topics
        self._subject = subject

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield the stream until the reader goes or the server stops."""
        async with wakes(self._database, self._draining) as wake:
            yield f": after {self._seq}\nretry: 1000\n\n".encode()
            while not self._draining.begun:
                wake.clear()
                # Read after the wake is armed: what commits in between wakes again.
                async for line in self._new():
                    yield line
                yield await _woken(wake)

    async def _new(self) -> AsyncIterator[bytes]:
        while found := await offload.read(
            self._database,
            lambda conn: events.after(conn, self._seq, self._topics, BATCH, subject=self._subject),
        ):
            for event in found:
                yield _frame(event)
            self._seq = found[-1].seq


async def _woken(wake: asyncio.Event) -> bytes:
    try:
        async with asyncio.timeout(KEEP_ALIVE):
            await wake.wait()
    except TimeoutError:
        return b": still here\n\n"
    return b""


def _frame(event: events.Event) -> bytes:
    data = {"topic": event.topic, "subject": event.subject, "at": event.at} | event.data
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.kind.encode(), orjson.dumps(data))


EVENTS = Face("events", router)
