"""The event loop waits for nothing: what blocks runs in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.faults import FaultPoint

T = TypeVar("T")


async def read(database: Database, work: Callable[[Connection], T]) -> T:
    """Run a reading function of a connection in a thread."""
    return await asyncio.to_thread(database.read, work)


async def write(database: Database, point: FaultPoint, work: Callable[[Connection], T]) -> T:
    """Run a writing function of a connection; returns when it is durably committed.

    A caller that goes away does not undo the write.
    """
    return await asyncio.shield(asyncio.wrap_future(database.submit(point, work)))
