"""Waiting in the event loop until something changes, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from sqlalchemy import Connection

from shoal.base import events
from shoal.base.database import Database
from shoal.server import offload
from shoal.server.draining import Draining
from shoal.server.parts import House
from shoal.server.problems import Problem, of_shoal

LOOK = 1.0  # seconds: a disk that is full commits nothing, so no commit tells of it


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
    house: House, draining: Draining, has_news: Callable[[Connection], bool], seconds: float
) -> None:
    """Return when there are news, when the time is over, in trouble (see `trouble_of`), or at the end."""
    with suppress(TimeoutError):
        async with wakes(house.database, draining) as wake, asyncio.timeout(seconds):
            while not draining.begun:
                wake.clear()
                if await offload.read(house.database, has_news):
                    return
                while not await _within(LOOK, wake):
                    if trouble_of(house) is not None:
                        return


def told_of(conn: Connection, topic: str, subject: str, after: int) -> bool:
    """Say whether there is an event about a thing after a number."""
    return bool(events.after(conn, after, [topic], 1, subject=subject))


def trouble_of(house: House) -> Problem | None:
    """Return what keeps the work of a room from going on now (a full disk, say), if anything."""
    troubles = (trouble for room in house.rooms.values() if (trouble := room.trouble) is not None)
    return next(map(of_shoal, troubles), None)


async def _within(seconds: float, wake: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await wake.wait()
    return False


def _set(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
    # A commit may come while the loop is being closed.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(wake.set)
