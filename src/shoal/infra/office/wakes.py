"""Waiting in an event loop until something has happened in the database, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from shoal.base.database import Database


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
