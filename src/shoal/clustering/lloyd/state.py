"""Hold what a K-Means fit keeps between iterations, and the steps that change it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import (
    CHUNKS,
    Doubles,
    Floats,
    PackedRows,
    aligned_empty,
    aligned_zeros,
    block_rows,
)
from shoal.clustering.kernels.team import Team
from shoal.clustering.kernels.tile import TILE_CENTRES
from shoal.clustering.lloyd.passes import (
    Integers,
    Labels,
    assign_chunks,
    groups_of,
    inertia_of,
    label_room,
    move_centres,
    pack_centres,
    reduce_chunks,
    relabel,
    sum_chunks,
)

BANKED_FEATURES = 16


@dataclass(frozen=True)
class Data:
    """Hold packed rows, their weights (n,) or an empty array for weights of one, and the chunks' bounds."""

    packed: PackedRows
    weights: Doubles
    bounds: Integers

    @classmethod
    def of(cls, packed: PackedRows, weights: Doubles) -> Data:
        """Cut packed rows into chunks."""
        return cls(packed, weights, packed.chunk_bounds())


class ClusterSums:
    """Keep the sums and masses of clusters by chunk, and their totals.

    The last column of `by_chunk[0]` (CHUNKS, banks, k, d + 1) is the mass. Rows take the banks in turn: the
    next row need not wait for what was just stored to one. Wide rows gain nothing from that.
    `by_chunk[1]` (CHUNKS, k) counts rows that have a weight; without weights masses are counts.
    """

    def __init__(self, k: int, features: int, weighted: bool) -> None:
        banks = 4 if features <= BANKED_FEATURES else 1
        sums: Doubles = np.zeros((CHUNKS, banks, k, features + 1))
        self.by_chunk = (sums, np.zeros((CHUNKS, k), np.int64))
        self.total: Doubles = np.empty((k, features))
        self.mass: Doubles = np.empty(k)
        self._peaks: Doubles = np.zeros(k)
        self._weighted = weighted

    def reduce(self) -> int:
        """Add up the chunks in order; return how many clusters are empty."""
        return reduce_chunks(*self.by_chunk, self._weighted, self.total, self.mass, self._peaks)

    def have_shrunk(self) -> bool:
        """Say whether a cluster lost so much of itself that rounding left by what it lost may show."""
        self.reduce()
        return bool((self.mass * 64 < self._peaks).any())


class State(ABC):
    """Hold centres, labels and sums between iterations; a subclass knows how rows are assigned."""

    def __init__(self, data: Data, centres: Doubles, team: Team) -> None:
        """Start from `centres` (k, d), centred as the rows are; they are changed in place."""
        k, d = centres.shape
        self.data = data
        self.centres = centres
        self.moves: Doubles = np.zeros(k)
        self.labels: Labels = aligned_zeros(label_room(data.packed), np.int32)
        self.sums = ClusterSums(k, d, data.weights.size > 0)
        self.team = team

    @abstractmethod
    def assign(self, keep_sums: bool) -> int:
        """Find the nearest centre of every row; return how many labels changed.

        With `keep_sums` the sums follow the labels; they must have been those of the labels before.
        """

    @abstractmethod
    def pack_centres(self) -> None:
        """Bring the centres into the form that `assign` wants."""

    @property
    def given_centres(self) -> Doubles:
        """Return the centres (k, d), not centred."""
        return self.centres + self.data.packed.offset

    def rebuild_sums(self) -> None:
        """Sum the clusters anew from the labels, which also drops what rounding has left."""
        packed = self.data.packed
        size = block_rows(packed.dtype)

        def add(chunks: tuple[int, int]) -> int:
            sum_chunks(
                packed.rows, packed.offset, self.data.weights, self.data.bounds, size, chunks, self.labels,
                *self.sums.by_chunk,
            )  # fmt: skip
            return 0

        self.team.sum(add)

    def move_centres(self) -> float:
        """Move every centre to the mean of its cluster; return the sum of squared moves."""
        shift = move_centres(self.sums.total, self.sums.mass, self.centres, self.moves)
        self.pack_centres()
        return shift

    def inertia(self) -> float:
        """Return the weighted sum of squared distances of the rows to the centres of their labels."""
        rows, size = self.data.packed.rows, block_rows(self.data.packed.dtype)
        return inertia_of(rows, self.data.weights, self.data.bounds, size, self.labels, self.given_centres)

    def renamed_labels(self, ranks: NDArray[np.int32] | None = None) -> NDArray[np.int32]:
        """Return the labels (n,), or the rank (k,) of each row's label."""
        count = self.data.packed.count
        if ranks is None:
            return self.labels[0, :count].copy()
        renamed = np.empty(count, np.int32)
        relabel(self.labels, ranks, renamed)
        return renamed


class RowState(State):
    """Assign every row anew at each iteration, many rows at a time (see `tile`)."""

    def __init__(self, data: Data, centres: Doubles, team: Team) -> None:
        super().__init__(data, centres, team)
        k, d = centres.shape
        self._packed: Floats = aligned_empty((groups_of(k), d, TILE_CENTRES), data.packed.dtype)
        self._norms: Floats = aligned_empty((groups_of(k) * TILE_CENTRES,), data.packed.dtype)
        self.pack_centres()

    def pack_centres(self) -> None:
        """Pack the centres for the tile."""
        pack_centres(self.centres, self._packed, self._norms)

    def assign(self, keep_sums: bool) -> int:
        """Find the nearest centre of every row; return how many labels changed."""
        packed = self.data.packed
        blocks = packed.blocks

        def assign(chunks: tuple[int, int]) -> int:
            return assign_chunks(
                blocks, packed.count, self.data.weights, self.data.bounds, chunks,
                self._packed, self._norms, self.labels, keep_sums, *self.sums.by_chunk,
            )  # fmt: skip

        return self.team.sum(assign)
