"""Waiting in an event loop until something has happened in the database, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from shoal.base.database import Database, Work

T = TypeVar("T")


@asynccontextmanager
async def wakes(database: Database) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set after each commit with events; clear it before you look."""
    wake, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:
        with suppress(RuntimeError):  # The loop is closed.
            loop.call_soon_threadsafe(wake.set)

    unsubscribe: Callable[[], None] = database.subscribe(tell)
    try:
        yield wake
    finally:
        unsubscribe()


async def until(database: Database, look: Work[T], is_good: Callable[[T], bool], timeout: float | None) -> T:
    """Return what a look at the database finds, as soon as that is good, or the last when time is over."""
    async with wakes(database) as wake:
        seen = await asyncio.to_thread(database.read, look)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not is_good(seen):
                    await wake.wait()
                    wake.clear()
                    seen = await asyncio.to_thread(database.read, look)
    return seen
