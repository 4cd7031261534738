"""A task as it moves: on every change, and again after a while without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

import strawberry

from shoal.access import Action, require
from shoal.base.errors import NotFound
from shoal.live.model import Change
from shoal.server.cluserve.caller import Asked, found
from shoal.server.cluserve.fields import followed
from shoal.server.cluserve.task import Task


@strawberry.type(name="Subscription")
class Subscription:
    """What may be followed."""

    @followed("a task, on every change and at least every `live.refresh` seconds")
    async def task(self, info: Asked, id: str) -> AsyncGenerator[Task, None]:
        """Follow a task until it is deleted."""
        require(info.context.actor, Action.LIVE_READ)
        task = await found(info, Action.LIVE_READ, id)
        changes = info.context.live.watch([task.id])
        async with aclosing(beats(changes, info.context.house.settings.live.refresh)) as told:
            with suppress(NotFound):
                async for _ in told:
                    yield Task.of(await found(info, Action.LIVE_READ, id))


async def beats(changes: AsyncIterator[Change], seconds: float) -> AsyncGenerator[None, None]:
    """Tell of every change, and of every time so long without one; ends when the changes do."""
    waiting = asyncio.create_task(_next(changes))
    try:
        while True:
            await asyncio.wait({waiting}, timeout=seconds)
            if waiting.done():
                if waiting.result() is None:
                    return
                waiting = asyncio.create_task(_next(changes))
            yield
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await waiting


async def _next(changes: AsyncIterator[Change]) -> Change | None:
    return await anext(changes, None)
