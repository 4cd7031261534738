"""Look for the labels of greatest classification likelihood: restarts, the best of which is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.gaussian_kernels import ROWS, feature_count, gather
from shoal.clustering.limits import InvalidParameter
from shoal.clustering.modes import DIAGONAL, FULL, KINDS, SPHERICAL, TIED, Mode
from shoal.clustering.packing import Doubles, aligned_empty, aligned_zeros
from shoal.clustering.passes import groups_of
from shoal.clustering.prepared import Prepared
from shoal.clustering.search_kernels import climb, start
from shoal.clustering.tile import TILE_CENTRES


@dataclass(frozen=True, eq=False)
class Partition:
    """Hold labels (blocks, 2, rows) as the kernels do, and how they were come by.

    `history` is the objective before each pass.
    `masses` (k,) and `means` (k, d) are the clusters', of packed rows.
    """

    labels: NDArray[np.int32]
    history: Doubles
    passes: int
    settled: bool
    degenerate: bool
    masses: Doubles
    means: Doubles

    @property
    def smallest(self) -> float:
        """Return the least weight in a cluster."""
        return float(self.masses.min())

    def rank(self, min_members: float) -> tuple[bool, bool, float]:
        """Return what the best partition has most of: enough members, then no spike, then likelihood."""
        return self.smallest >= min_members, not self.degenerate, float(self.history[-1])


class Search:
    """Climb from start after start, for one number of clusters and one mode."""

    def __init__(self, prepared: Prepared, k: int, mode: Mode) -> None:
        self.prepared, self.k, self.mode = prepared, k, mode
        d = prepared.columns
        self.shape = KINDS[mode.covariance]
        self.kind = TIED if mode.tied else self.shape
        width = feature_count(self.kind, d)
        self.labels = aligned_zeros((prepared.packed.blocks.shape[0], 2, ROWS), np.int32)
        self.members = np.zeros(k, np.int64)
        self.counts = np.zeros(k)
        self.sums = np.zeros((k, width))
        self.constants = np.zeros(groups_of(k) * TILE_CENTRES)
        self.slopes = aligned_empty((groups_of(k), width, TILE_CENTRES), np.float64)
        self.features = aligned_empty((1, width, ROWS), np.float64)
        self.work = np.zeros((6, d, d))
        self.whole = self._whole()

    def _whole(self) -> Doubles:
        """Return the features (F,) summed over all rows."""
        moment = self.prepared.moment
        second = {
            TIED: moment[:0, 0],
            SPHERICAL: moment.diagonal().sum(keepdims=True),
            DIAGONAL: moment.diagonal(),
            FULL: moment[np.triu_indices(len(moment))],
        }
        return np.concatenate([self.prepared.first, second[self.kind]])

    def start(self, random: RandomState) -> None:
        """Label the rows by their nearest of k rows, drawn by k-means++."""
        chosen = self.prepared.seeding.plus_plus(self.k, random)
        packed = self.prepared.packed
        centres = packed.rows[chosen] - packed.offset
        start(
            self.prepared.blocks,
            self.prepared.weights,
            self.kind,
            centres,
            self.whole,
            self.labels,
            self.members,
            self.counts,
            self.sums,
            self.constants,
            self.slopes,
            self.features,
        )

    def climb(self, max_iter: int, tol: float) -> Partition:
        """Improve the present labels until they rest."""
        history = np.empty(max_iter + 1)
        last, passes, settled, raised = climb(
            self.prepared.blocks,
            self.prepared.weights,
            self.kind,
            self.shape,
            self.prepared.moment,
            self.prepared.floor,
            self.labels,
            self.members,
            self.counts,
            self.sums,
            self.constants,
            self.slopes,
            self.features,
            self.work,
            tol,
            history,
        )
        return Partition(
            self.labels.copy(),
            history[: last + 1],
            passes,
            settled,
            raised > self.prepared.flat,
            self.counts.copy(),
            self.sums[:, : self.prepared.columns] / np.where(self.counts > 0, self.counts, 1.0)[:, None],
        )


def best_partition(
    prepared: Prepared,
    k: int,
    mode: Mode,
    random: RandomState,
    n_init: int,
    min_members: float,
    max_iter: int,
    tol: float,
) -> Partition:
    """Return the best of `n_init` restarts, the first of equals."""
    search = Search(prepared, k, mode)
    best: Partition | None = None
    for _ in range(n_init):
        search.start(random)
        found = search.climb(max_iter, tol)
        if best is None or found.rank(min_members) > best.rank(min_members):
            best = found
    if best is None:
        raise InvalidParameter("A fit needs at least one restart.", hint="Set n_init to 1 or more.")
    return best


def labels_of(prepared: Prepared, partition: Partition, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the rows' labels (n,), each cluster renamed by `numbers` (k,)."""
    labels = np.empty(prepared.rows, np.int32)
    gather(partition.labels, labels, numbers)
    return labels
