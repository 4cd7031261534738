"""K-Means on a frame whose rows are summed by several processes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.online.partials import Partial, combine
from shoal.live.host.crew import Crew

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]


class ShardedKMeans(FrameKMeans):
    """Do what `FrameKMeans` does, with the rows spread over `shards` processes; `close` ends these.

    Starting centres are chosen here, from all rows; so centres differ from one process' by rounding only.
    While processes begin, or when one died, the rows are summed here: nothing waits for them.
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        frame_size: int = 0,
        init: str | ArrayLike = "k-means++",
        scale: str = "none",
        max_iter: int = 300,
        random_state: int | RandomState | None = None,
        shards: int = 2,
    ) -> None:
        super().__init__(
            n_clusters,
            frame_size=frame_size,
            init=init,
            scale=scale,
            max_iter=max_iter,
            random_state=random_state,
        )
        self.shards = shards

    _crew: Crew | None = None
    _gathered: tuple[Any, Any] | None = None

    @property
    def pids(self) -> list[int]:
        """Return the ids of the processes; none before the first step."""
        return [] if self._crew is None else self._crew.pids

    @property
    def is_spread(self) -> bool:
        """Say whether the processes are there; until then the rows are summed here."""
        return self._crew is not None and self._crew.is_whole

    def close(self) -> None:
        """End the processes; they begin anew when they are needed."""
        if self._crew is not None:
            self._crew.close()
            self._crew = None

    def _assignment(self) -> Any:
        frame = self._frame_of()
        wish = [self._centres, frame.seen, len(frame)]
        if self._gathered is None or not _same(self._gathered[0], wish):
            self._gathered = wish, self._gathered_now() or super()._assignment()
        return self._gathered[1]

    def _gathered_now(self) -> _Gathered | None:
        """Return what the processes say of the present centres; None when they are not there."""
        if self._crew is None:
            self._crew = Crew(self.shards)
        ask = partial(self._crew.sums, self._frame_of(), self._centres, self._distances_in())
        found = ask(0)
        return None if found is None else _Gathered(*found, ask, super()._assignment)


class _Gathered:
    """What all shards say together of some centres."""

    def __init__(
        self, parts: list[Partial], labels: Labels, ask: Callable[[int], Any], alone: Callable[[], Any]
    ) -> None:
        self._ask, self._alone = ask, alone
        self.labels = labels
        self._part = combine(parts)
        self.counts, self.inertia = self._part.counts, self._part.inertia

    def partial(self, far: int = 0) -> Partial:
        """Return the sums, and up to `far` rows that miss a centre."""
        if not far:
            return self._part
        found = self._ask(far)
        whole: Partial = self._alone().partial(far) if found is None else combine(found[0])
        return whole


def _same(kept: list[Any], wish: list[Any]) -> bool:
    return kept[0] is wish[0] and kept[1:] == wish[1:]
