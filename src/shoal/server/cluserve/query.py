"""What may be asked of tasks without changing any."""

from __future__ import annotations

import base64

import strawberry

from shoal.access import Action
from shoal.server.cluserve.asking import Prediction, predicted, waited
from shoal.server.cluserve.caller import Asked, found
from shoal.server.cluserve.fields import root
from shoal.server.cluserve.figures import figures
from shoal.server.cluserve.scalars import JSON, Elemt, Long
from shoal.server.cluserve.task import Task

MOST_TASKS = 1_000
MOST_POINTS = 10_000


@strawberry.type(name="Query")
class Query:
    """What may be asked."""

    @root(Action.LIVE_READ, "tasks by their ids, or all that you may see")
    async def tasks(self, info: Asked, ids: list[str] | None = None) -> list[Task]:
        """Return tasks by their ids, or the newest of all."""
        actor = info.context.actor
        owner = None if actor.admin else actor.name
        return [Task.of(each) for each in await info.context.live.find(owner, ids, limit=MOST_TASKS)]

    @root(Action.LIVE_READ, "one task")
    async def task(self, info: Asked, id: str) -> Task | None:
        """Return one task."""
        return Task.of(await found(info, Action.LIVE_READ, id))

    @root(Action.LIVE_READ, "waits until a task's run has ended")
    async def wait(self, info: Asked, id: str, timeout: float | None = None) -> Task:
        """Wait until a task's run has ended."""
        return await waited(info, id, timeout)

    @root(Action.LIVE_READ, "which clusters rows belong to")
    async def predict(self, info: Asked, id: str, data: list[Elemt], soft: bool | None = False) -> Prediction:
        """Say which clusters rows belong to."""
        return await predicted(info, id, data, bool(soft))

    @root(Action.LIVE_READ, "iterations, pushedData, duration, lastDataTime, ...")
    async def figures(self, info: Asked, id: str) -> JSON:
        """Return a task's figures."""
        task = await found(info, Action.LIVE_READ, id)
        return JSON(figures(await info.context.live.summary(task.id)))

    @root(Action.LIVE_READ, "metrics over time, from row `since` on")
    async def history(
        self,
        info: Asked,
        id: str,
        since: Long | None = None,
        limit: int | None = 1_000,
        metrics: list[str] | None = None,
    ) -> list[JSON]:
        """Return metrics over time."""
        task = await found(info, Action.LIVE_READ, id)
        most = max(0, min(limit or MOST_POINTS, MOST_POINTS))
        return [
            JSON(each) for each in await info.context.live.history(task.id, since or 0, most, metrics or ())
        ]

    @root(Action.LIVE_READ, "a task as NPZ in base 64, for `import`")
    async def export(self, info: Asked, id: str) -> str:
        """Return a task as NPZ in base 64."""
        task = await found(info, Action.LIVE_READ, id)
        return base64.b64encode(await info.context.live.export(task.id)).decode()
