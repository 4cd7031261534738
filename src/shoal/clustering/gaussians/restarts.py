"""The likelihood search with restarts: a sample goes ahead of many rows, and moves leave local maxima."""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState

from shoal.clustering.gaussians.moves import rearrange
from shoal.clustering.gaussians.search import LikelihoodSearch, Partition, Rank
from shoal.clustering.kernels.packing import Doubles

FINALISTS = 3
ROWS_PER_CLUSTER = 50


class RestartedSearch(LikelihoodSearch):
    """Restart the likelihood search, and move its best ends on."""

    def best(
        self, random: RandomState, n_init: int, min_members: float, max_iter: int, tol: float
    ) -> Partition:
        """Return the best of `n_init` restarts.

        Of many rows a sample goes ahead; from where the best few of its restarts end, all rows go on.
        """
        sample = self.prepared.sample
        if sample is None or self.k > sample.distinct // ROWS_PER_CLUSTER:
            found = super().best(random, n_init, min_members, max_iter, tol)
            return rearrange(self, found, min_members, max_iter, tol)
        scout = RestartedSearch(sample, self.k, self.mode)
        share = sample.total / self.prepared.total
        leaders = scout.leaders(random, n_init, min_members * share, max_iter, tol)
        ends = [self._follow(leader, max_iter, tol) for leader in leaders]
        return max(ends, key=lambda end: self.rank(end, min_members))

    def leaders(
        self, random: RandomState, n_init: int, min_members: float, max_iter: int, tol: float
    ) -> list[tuple[Doubles, Doubles]]:
        """Return how the best few of `n_init` restarts, no two alike, score rows in the end."""
        ends: dict[Rank, Partition] = {}
        for _ in range(n_init):
            self.start(random)
            end = self.improve(max_iter, tol)
            ends.setdefault(self.rank(end, min_members), end)
        best, *rest = sorted(ends, reverse=True)[:FINALISTS]
        moved = rearrange(self, ends[best], min_members, max_iter, tol)
        return [self._scores_of(end) for end in (moved, *(ends[rank] for rank in rest))]

    def _scores_of(self, end: Partition) -> tuple[Doubles, Doubles]:
        self.resume(end)
        self.improve(0, 0.0)
        return self.constants.copy(), self.slopes.copy()

    def _follow(self, leader: tuple[Doubles, Doubles], max_iter: int, tol: float) -> Partition:
        """Go on with all rows from where a restart on a sample ended."""
        self.constants[:], self.slopes[:] = leader
        self._assign_all(np.empty((0, self.prepared.columns)))
        return self.improve(max_iter, tol)
