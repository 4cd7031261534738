"""Live tasks, as the rooms above use them: `house.live`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.live.log.record import Rows
from shoal.live.model import LiveEvent, LiveTask, Summary, Wish

__all__ = ["Change", "Labels", "Live", "LiveEvent", "Points", "Predicted", "Pushed"]


class Pushed(NamedTuple):
    """The number of the first of some pushed rows, and how many; a duplicate was there before."""

    first: int
    rows: int
    duplicate: bool


class Predicted(NamedTuple):
    """The clusters of rows (-1: none): with distances to their centres (n), or the shares of all (n x k)."""

    labels: NDArray[np.int32]
    distances: NDArray[np.float64] | None = None
    shares: NDArray[np.float64] | None = None


class Points(NamedTuple):
    """Rows of a frame with their clusters; `next` is from where to ask on."""

    first: int
    next: int
    rows: NDArray[np.float32]
    labels: NDArray[np.int32]


class Labels(NamedTuple):
    """The rows of the frame by their numbers, with their clusters."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Change:
    """What is new of a task: its row in the database, what it has found, or an event."""

    task: str
    state: LiveTask | None = None
    summary: Summary | None = None
    event: LiveEvent | None = None
    deleted: bool = False


class Live:
    """Create, feed, follow and end live tasks."""

    async def create(
        self, owner: str, wish: Wish, *, id: str | None = None, key: str | None = None
    ) -> LiveTask:
        """Make a task in the state CREATED; a dataset's rows go into its log first."""
        raise NotImplementedError

    async def get(self, id: str) -> LiveTask:
        """Return a task; raises NotFound."""
        raise NotImplementedError

    async def find(
        self,
        owner: str | None = None,
        ids: Collection[str] | None = None,
        search: str = "",
        limit: int = 100,
        after: str | None = None,
    ) -> list[LiveTask]:
        """Return tasks, the newest first, `after` the one with this id."""
        raise NotImplementedError

    async def init(self, id: str) -> LiveTask:
        """Initialise a task."""
        raise NotImplementedError

    async def play(self, id: str) -> LiveTask:
        """Let a task run."""
        raise NotImplementedError

    async def pause(self, id: str) -> LiveTask:
        """Let a running task rest."""
        raise NotImplementedError

    async def stop(self, id: str) -> LiveTask:
        """End a task that is alive."""
        raise NotImplementedError

    async def wait(self, id: str, timeout: float | None = None) -> LiveTask:
        """Return when a task is READY or FINISHED."""
        raise NotImplementedError

    async def push(self, id: str, rows: Rows, *, key: str | None = None) -> Pushed:
        """Append rows; returns when they are on disk."""
        raise NotImplementedError

    async def predict(self, id: str, rows: Rows, soft: bool = False) -> Predicted:
        """Return the clusters of rows, in every state; without centres all are -1."""
        raise NotImplementedError

    async def reconfigure(self, id: str, wish: Wish) -> LiveTask:
        """Give a task another wish; its host takes it before the next iteration."""
        raise NotImplementedError

    async def copy(self, id: str, owner: str, name: str | None = None) -> LiveTask:
        """Make a task with the same wish and rows."""
        raise NotImplementedError

    async def delete(self, id: str) -> LiveTask:
        """Stop a task and forget it with its rows."""
        raise NotImplementedError

    async def summary(self, id: str) -> Summary | None:
        """Return what a task has found so far."""
        raise NotImplementedError

    async def points(self, id: str, since: int = 0, limit: int = 5_000) -> Points:
        """Return rows of the frame with their clusters, from row `since` on."""
        raise NotImplementedError

    async def labels(self, id: str) -> Labels:
        """Return the clusters of the frame's rows."""
        raise NotImplementedError

    async def history(
        self, id: str, since: int = 0, limit: int = 1_000, metrics: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Return metrics over time."""
        raise NotImplementedError

    async def events(self, id: str, after: int = 0, limit: int = 1_000) -> list[LiveEvent]:
        """Return what happened in a task, oldest first."""
        raise NotImplementedError

    async def export(self, id: str) -> bytes:
        """Return a task as NPZ: its wish, its centres, its frame."""
        raise NotImplementedError

    async def import_(self, owner: str, data: bytes, name: str | None = None) -> LiveTask:
        """Make a task of an export: READY, with its centres and its frame."""
        raise NotImplementedError

    def watch(self, ids: Collection[str] | None = None) -> AsyncIterator[Change]:
        """Give what is new of some tasks (all when None): at most ten times a second, the last of each."""
        raise NotImplementedError

    async def batch(self, owner: str, wish: Wish, rows: Rows | None = None) -> LiveTask:
        """Create, push, play and wait in one call."""
        raise NotImplementedError

    def metrics(self) -> Mapping[str, float]:
        """Return figures of all tasks for monitoring."""
        raise NotImplementedError
