"""Loading what carries operations out: when the first one comes, or before, while nobody waits."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from shoal.access import Actor
from shoal.server.parts import House

if TYPE_CHECKING:
    from shoal.server.cluserve.carrying import Desk

CARRYING = "shoal.server.cluserve.carrying"  # a third of a second, which most commands need not spend


async def opened(house: House, actor: Actor, request_id: str) -> Desk:
    """Return a desk for one caller."""
    if CARRYING not in sys.modules:
        await asyncio.to_thread(load)
    from shoal.server.cluserve.carrying import Desk

    return Desk(house, actor, request_id)


def load() -> None:
    """Load the schema with all that it needs."""
    import_module(CARRYING).schema()
