"""Look for the best labels by restarts: by likelihood, or as an older service did."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.gaussians.distance_kernels import follow_distances
from shoal.clustering.gaussians.gaussian_kernels import ROWS, feature_count, gather
from shoal.clustering.gaussians.move_kernels import collect
from shoal.clustering.gaussians.prepared import Prepared
from shoal.clustering.gaussians.search_kernels import climb, start
from shoal.clustering.kernels.packing import Doubles, aligned_empty, aligned_zeros
from shoal.clustering.kernels.tile import TILE_CENTRES
from shoal.clustering.limits import InvalidParameter
from shoal.clustering.lloyd.passes import groups_of
from shoal.clustering.modes import DIAGONAL, FULL, KINDS, SPHERICAL, TIED, Mode

Rank = tuple[bool, bool, float]


@dataclass(frozen=True, eq=False)
class Partition:
    """Hold labels (blocks, 2, rows) as the kernels do, and how they were come by.

    `history` is the objective before each pass, its last entry that of these labels. `masses` (k,) and
    `means` (k, d) are the clusters', of packed rows.
    """

    labels: NDArray[np.int32]
    history: Doubles
    passes: int
    settled: bool
    degenerate: bool
    masses: Doubles
    means: Doubles

    @property
    def objective(self) -> float:
        """Return what the search made large."""
        return float(self.history[-1])

    @property
    def smallest(self) -> float:
        """Return the least weight in a cluster."""
        return float(self.masses.min())

    def renamed(self, rows: int, numbers: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the labels (rows,), each cluster renamed by `numbers` (k,)."""
        labels = np.empty(rows, np.int32)
        gather(self.labels, labels, numbers)
        return labels


class Search(ABC):
    """Hold what one number of clusters in one mode needs, restart after restart."""

    usual_tol: ClassVar[float]

    def __init__(self, prepared: Prepared, k: int, kind: int) -> None:
        d = prepared.columns
        width = feature_count(kind, d)
        self.prepared, self.k, self.kind = prepared, k, kind
        self.labels = aligned_zeros((prepared.packed.blocks.shape[0], 2, ROWS), np.int32)
        self.members = np.zeros(k, np.int64)
        self.counts = np.zeros(k)
        self.sums = np.zeros((k, width))
        self.constants = np.zeros(groups_of(k) * TILE_CENTRES)
        self.slopes = aligned_empty((groups_of(k), width, TILE_CENTRES), np.float64)
        self.features = aligned_empty((1, width, ROWS), np.float64)
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
        self._assign_all(packed.rows[chosen] - packed.offset)

    def _assign_all(self, centres: Doubles) -> None:
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

    @abstractmethod
    def improve(self, max_iter: int, tol: float) -> Partition:
        """Improve the present labels until they rest."""

    @abstractmethod
    def rank(self, partition: Partition, min_members: float) -> Rank:
        """Return what the best partition has most of."""

    def _partition(self, history: Doubles, passes: int, settled: bool, degenerate: bool) -> Partition:
        labels, masses = self.labels.copy(), self.counts.copy()
        return Partition(labels, history, passes, settled, degenerate, masses, self.means())

    def means(self) -> Doubles:
        """Return the clusters' means (k, d), of packed rows; 0 of an empty one."""
        divisors = np.where(self.counts > 0, self.counts, 1.0)[:, None]
        return np.asarray(self.sums[:, : self.prepared.columns] / divisors)

    def resume(self, partition: Partition) -> None:
        """Go back to the labels of a partition."""
        self.labels[:] = partition.labels
        self.count()

    def count(self) -> None:
        """Sum up the clusters of the present labels."""
        collect(
            self.prepared.blocks,
            self.prepared.weights,
            self.kind,
            self.labels,
            self.members,
            self.counts,
            self.sums,
            self.features,
        )

    def best(
        self, random: RandomState, n_init: int, min_members: float, max_iter: int, tol: float
    ) -> Partition:
        """Return the best of `n_init` restarts, the first of equals."""
        found: Partition | None = None
        for _ in range(n_init):
            self.start(random)
            other = self.improve(max_iter, tol)
            if found is None or self.rank(other, min_members) > self.rank(found, min_members):
                found = other
        if found is None:
            raise InvalidParameter("A fit needs at least one restart.", hint="Set n_init to 1 or more.")
        return found


class LikelihoodSearch(Search):
    """Search by classification EM (Celeux and Govaert 1992)."""

    usual_tol = 0.0

    def __init__(self, prepared: Prepared, k: int, mode: Mode) -> None:
        self.mode, self.shape = mode, KINDS[mode.covariance]
        super().__init__(prepared, k, TIED if mode.tied else self.shape)
        self.work = np.zeros((6, prepared.columns, prepared.columns))

    def improve(self, max_iter: int, tol: float) -> Partition:
        """Climb to the next maximum of the classification likelihood."""
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
        return self._partition(
            history[: last + 1], passes, settled, self.k > 1 and raised > self.prepared.flat
        )

    def rank(self, partition: Partition, min_members: float) -> Rank:
        """Prefer enough members, then no degenerate cluster, then likelihood."""
        return partition.smallest >= min_members, not partition.degenerate, partition.objective


class DistanceSearch(Search):
    """Search as the older service did: see `distance_kernels`."""

    usual_tol = 1e-4

    def __init__(self, prepared: Prepared, k: int, mode: Mode) -> None:
        super().__init__(prepared, k, KINDS[mode.covariance])
        self.tied = mode.tied
        self.spreads = np.zeros((2 * k + 2, prepared.columns, prepared.columns))

    def improve(self, max_iter: int, tol: float) -> Partition:
        """Follow the distances until the centres rest."""
        passes, settled, inertia = follow_distances(
            self.prepared.blocks,
            self.prepared.weights,
            self.kind,
            self.tied,
            self.labels,
            self.members,
            self.counts,
            self.sums,
            self.constants,
            self.slopes,
            self.features,
            self.spreads,
            max_iter,
            tol,
        )
        return self._partition(np.array([-inertia]), passes, settled, False)

    def rank(self, partition: Partition, min_members: float) -> Rank:
        """Prefer the least sum of unsquared distances, whatever the sizes."""
        return True, True, partition.objective
