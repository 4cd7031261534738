"""A task as it moves: on every change, and again after a while without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import strawberry

from shoal.access import Action, require
from shoal.base.errors import NotFound
from shoal.live.tasks import Change
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
        refresh = info.context.house.settings.live.refresh
        yield Task.of(task)
        with suppress(NotFound):
            async for _ in beats(changes, refresh):
                yield Task.of(await found(info, Action.LIVE_READ, id))


async def beats(changes: AsyncIterator[Change], seconds: float) -> AsyncIterator[None]:
    """Tell of every change, and of every time so long without one; ends when the changes do."""
    waiting: asyncio.Task[Change] | None = None
    try:
        while True:
            waiting = waiting or asyncio.create_task(_next(changes))
            done, _ = await asyncio.wait({waiting}, timeout=seconds)
            if done:
                waiting.result()
                waiting = None
            yield
    except StopAsyncIteration:
        return
    finally:
        if waiting is not None:
            waiting.cancel()


async def _next(changes: AsyncIterator[Change]) -> Change:
    return await anext(changes)
