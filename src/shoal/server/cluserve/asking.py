"""What both queries and mutations may ask: to wait for a task, and which clusters rows belong to."""

from __future__ import annotations

import strawberry

from shoal.access import Action
from shoal.live.answers import Predicted
from shoal.server.cluserve.caller import Asked, found
from shoal.server.cluserve.elements import rows_of
from shoal.server.cluserve.scalars import Elemt
from shoal.server.cluserve.task import Task


@strawberry.type(name="prediction", description="The clusters of rows, by their places among the centroids.")
class Prediction:
    """The clusters of rows, by their places among the centroids; -1 is none."""

    labels: list[int]
    ids: list[int] = strawberry.field(description="the lasting id of each centroid")
    distances: Elemt | None = strawberry.field(description="to the nearest centre; null when soft")
    shares: Elemt | None = strawberry.field(description="of every cluster, one list a row; null unless soft")

    @classmethod
    def of(cls, found: Predicted) -> Prediction:
        """Return what was found."""
        listed = [None if each is None else Elemt(each.tolist()) for each in (found.distances, found.shares)]
        labels, ids = found.labels.tolist(), list(found.ids)
        return cls(labels=labels, ids=ids, distances=listed[0], shares=listed[1])


async def predicted(info: Asked, id: str, data: list[Elemt], soft: bool = False) -> Prediction:
    """Say which clusters rows belong to; in every state."""
    task = await found(info, Action.LIVE_READ, id)
    rows = await rows_of(task, data)
    return Prediction.of(await info.context.live.predict(task.id, rows, soft))


async def waited(info: Asked, id: str, timeout: float | None = None) -> Task:
    """Return a task when its run has ended."""
    task = await found(info, Action.LIVE_READ, id)
    return Task.of(await info.context.live.wait(task.id, timeout))
