"""Centres that every row moves, and what they need to know of their past."""

from __future__ import annotations

from typing import Self

import numpy as np

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.online.adapting import adapt
from shoal.clustering.online.lanes import table_of
from shoal.clustering.online.learning import learn


class MovingCentres:
    """Hold centres, their masses, and by what columns are divided before they are compared.

    `inner` (k, d) are the centres so divided; `weighed` (k,) the masses in the unit `unit` (see `learning`).
    """

    def __init__(self, inner: Doubles, weighed: Doubles, spread: Doubles, unit: float = 1.0) -> None:
        self._table = table_of(inner) if len(inner) else np.empty(inner.shape[::-1])
        self.weighed = weighed
        self.spread = spread
        self.unit = unit

    def copy(self) -> Self:
        """Return centres that move on their own."""
        return type(self)(self.inner, self.weighed.copy(), self.spread, self.unit)

    def __len__(self) -> int:
        return len(self.weighed)

    @property
    def inner(self) -> Doubles:
        """Return the centres (k, d) in the units in which they are compared."""
        return np.ascontiguousarray(self._table[:, : len(self)].T)

    @property
    def centres(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units."""
        return self.inner * self.spread if self.spread.size else self.inner

    @property
    def masses(self) -> Doubles:
        """Return the mass (k,) of each centre: how many rows it stands for, less what is forgotten."""
        return self.weighed / self.unit

    def compared(self, rows: Doubles) -> Doubles:
        """Return rows (n, d) in the units in which they are compared."""
        return rows / self.spread if self.spread.size else rows

    def learn(self, rows: Doubles, weights: Doubles, first: int, end: int, half_life: float | None) -> None:
        """Let rows `first` up to `end` of a table move the centres."""
        if self.spread.size:
            rows, weights = self.compared(rows[first:end]), weights[first:end]
            first, end = 0, end - first
        doublings = 1.0 / half_life if half_life else 0.0
        self.unit = learn(rows, weights, first, end, self._table, self.weighed, self.unit, doublings)

    def adapt(self, rows: Doubles, weights: Doubles) -> tuple[int, int]:
        """Follow recent rows (n, d) where they have left the centres; return the jumps and the swaps."""
        inner, masses = self.inner, self.masses
        jumps, swaps = adapt(self.compared(rows), weights, inner, masses, self._table)
        if jumps or swaps:
            self.weighed, self.unit = masses, 1.0
        return jumps, swaps

    def rescale(self, spread: Doubles) -> None:
        """Compare rows divided by another spread (d,) from now on."""
        if spread.size and not np.array_equal(spread, self.spread):
            self._table *= (self.spread / spread)[:, None]
            self.spread = spread
