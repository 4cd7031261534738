"""Requests that wait until something changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection

from shoal.base import events
from shoal.base.database import Database
from shoal.server import offload
from shoal.server.draining import Draining

LATEST = 2**63 - 1
Wait = Annotated[
    float, Query(ge=0, le=60, description="seconds the answer may wait for a change, unless it has ended")
]
After = Annotated[
    int | None, Query(ge=0, le=LATEST, description="`seq` of the answer before: changes since then count")
]


@asynccontextmanager
async def wakes(database: Database, draining: Draining) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set after each commit with events, and when the server stops."""
    wake, loop = asyncio.Event(), asyncio.get_running_loop()
    unsubscribe = database.subscribe(partial(_set, loop, wake))
    draining.join(wake)
    try:
        yield wake
    finally:
        draining.leave(wake)
        unsubscribe()


async def changed(
    database: Database, draining: Draining, topic: str, subject: str, after: int, seconds: float
) -> None:
    """Return at an event about a thing after a number, when the time is over, or when the server stops."""
    with suppress(TimeoutError):
        async with wakes(database, draining) as wake, asyncio.timeout(seconds):
            while not draining.begun:
                wake.clear()
                if await offload.read(database, partial(_any, topic, subject, after)):
                    return
                await wake.wait()


def _any(topic: str, subject: str, after: int, conn: Connection) -> bool:
    return bool(events.after(conn, after, [topic], 1, subject=subject))


def _set(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    # A commit may come while the loop is being closed.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(wake.set)
