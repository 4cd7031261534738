"""A live task as the schema shows it."""

from __future__ import annotations

import asyncio
from typing import Any

import strawberry

from shoal.live.answers import Points
from shoal.live.model import LiveTask
from shoal.server.cluserve.access import Access
from shoal.server.cluserve.algorithm import Algorithm
from shoal.server.cluserve.caller import Asked
from shoal.server.cluserve.fields import part
from shoal.server.cluserve.figures import clusters, figures
from shoal.server.cluserve.frames import Dataframe
from shoal.server.cluserve.scalars import JSON, Long

MOST_ROWS = 10_000  # of a frame that are sent with a task


@strawberry.type(name="dataset", description="The rows that a task was given.")
class Dataset:
    """The rows that a task was given."""

    task: strawberry.Private[LiveTask]
    id: str
    name: str

    @part("the newest rows of the task's frame")
    async def dataframe(self, info: Asked) -> Dataframe | None:
        """Return the newest rows of the task's frame; its metadata says which they are."""
        kept = min(self.task.wish.algorithm.frame_size or MOST_ROWS, MOST_ROWS)
        points = await info.context.live.points(self.task.id, max(0, self.task.rows - kept), kept)
        rows = await asyncio.to_thread(_listed, points)
        told = {"first": points.first, "rows": len(rows), "sent": self.task.rows}
        return Dataframe.of(
            f"{self.id}.rows", columns_of(self.task), rows, points.rows.size, told, self.task.dim
        )


@strawberry.type(name="task", description="Clusters of data that keeps arriving.")
class Task:
    """Clusters of data that keeps arriving."""

    task: strawberry.Private[LiveTask]
    id: str
    name: str
    identifier: str | None
    variables: list[str]
    predictions: list[str]
    status: str = strawberry.field(
        description="Created, Initializing, Ready, Running, Idle or Finished; a failure is Finished + error"
    )
    error: str | None
    algorithm: Algorithm
    shards: int
    rows: Long = strawberry.field(description="how many rows it was ever sent")
    dataset: Dataset
    access: Access

    @classmethod
    def of(cls, task: LiveTask) -> Task:
        """Return a task."""
        wish = task.wish
        return cls(
            task=task,
            id=task.id,
            name=wish.name,
            identifier=wish.identifier,
            variables=columns_of(task),
            predictions=list(wish.predictions),
            status=task.state.value.capitalize(),
            error=f"{task.error.code.upper()}: {task.error.message}" if task.error else None,
            algorithm=Algorithm.of(wish),
            shards=wish.shards,
            rows=Long(task.rows),
            dataset=Dataset(task=task, id=wish.dataset or task.id, name=wish.name),
            access=Access.of(task.id, task.owner),
        )

    @part("the centres, one row each; metadata has the figures")
    async def centroids(self, info: Asked) -> Dataframe | None:
        """Return the centres with the figures."""
        summary = await info.context.live.summary(self.id)
        centres = [cluster.centre for cluster in summary.clusters] if summary else []
        told = {**figures(summary), "clusters": clusters(summary)}
        return Dataframe.of(
            f"{self.id}.centroids", self.variables, centres, _numbers(centres), told, self.task.dim
        )

    @part("the cluster of each row of the frame, as its place among the centroids")
    async def labels(self, info: Asked) -> Dataframe | None:
        """Return the labels of the frame's rows."""
        found = await info.context.live.labels(self.id)
        first = int(found.rows[0]) if len(found.rows) else 0
        labels = found.labels.tolist()
        told = {"first": first, "rows": len(labels), "ids": list(found.ids)}
        return Dataframe.of(f"{self.id}.labels", ["label"], labels, len(labels), told, 1)

    @part("iterations, pushedData, duration, lastDataTime, and the algorithm's own")
    async def figures(self, info: Asked) -> JSON | None:
        """Return the figures."""
        return JSON(figures(await info.context.live.summary(self.id)))


def columns_of(task: LiveTask) -> list[str]:
    """Return the names of the columns that are clustered."""
    wish = task.wish
    others = {*wish.predictions, wish.identifier}
    return list(wish.variables or [name for name in wish.columns if name not in others])


def _listed(points: Points) -> list[Any]:
    listed: list[Any] = points.rows.tolist()
    return listed


def _numbers(centres: Any) -> int:
    """Return how many numbers there are in nested lists."""
    return sum(map(_numbers, centres)) if isinstance(centres, list | tuple) else 1
