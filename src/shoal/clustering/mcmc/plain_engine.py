"""What the two searches share that look at all rows at every step and keep centres only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.lloyd.iterating import nearest_centres
from shoal.clustering.mcmc.cells import Proposal, RowBounds, Slots, assign
from shoal.clustering.mcmc.engine import Figures, Knobs


class Cells(NamedTuple):
    """Hold the cells of centres: masses (k,), means (k, d), losses (k,) about the centres, labels (n,)."""

    masses: Doubles
    means: Doubles
    losses: Doubles
    labels: NDArray[np.int32]


def cells_of(rows: Doubles, weights: Doubles, centres: Doubles) -> Cells:
    """Give rows (n, d) to the nearest of centres (k, d); an empty cell's mean is its centre."""
    bounds = RowBounds.of(len(rows))
    slots, _ = assign(
        rows, weights, bounds, Slots.empty(*centres.shape), Proposal.anew(centres, len(centres))
    )
    means = np.where((slots.mass > 0)[:, None], slots.means(), centres)
    losses = slots.losses() + slots.mass * np.square(means - centres).sum(axis=1)
    return Cells(slots.mass, means, losses, bounds.labels)


def tables_of(arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> dict[int, Doubles]:
    """Return the tables of centres whose names start so, by their number of centres."""
    return {
        len(table): table for name, table in arrays.items() if table.ndim == 2 and name.startswith(prefix)
    }


class PlainEngine(ABC):
    """Hold a frame and centres in the rows' own units, and answer for them."""

    def __init__(self, knobs: Knobs, random: RandomState) -> None:
        self.knobs = knobs
        self.random = random
        self.figures = Figures()
        self._rows: Doubles = np.empty((0, 0))
        self._weights: Doubles = np.empty(0)
        self._centres: Doubles = np.empty((0, 0))
        self._size = 0.0  # t, the mass of the frame's rows
        self._start: Doubles | None = None
        self._cells: Cells | None = None

    def begin_from(self, centres: Doubles) -> None:
        """Take these centres (k, d), in the rows' own units, at the next `sync`."""
        self._start = centres[: self.knobs.max_k]

    @abstractmethod
    def temperature(self) -> float:
        """Return lambda, the weight of a squared distance in the score, in 1/unit^2."""

    def _look_at(self, rows: Doubles, weights: Doubles) -> None:
        self._rows, self._weights = np.ascontiguousarray(rows).copy(), weights
        self._size = float(weights.sum())
        self._cells, self.figures.quiet = None, 0

    def _take_back(self, arrays: Mapping[str, NDArray[Any]], rows: Doubles) -> None:
        """Take the frame and the centres of a snapshot; raise ValueError for what does not fit."""
        centres = arrays["centres"]
        if any(table.shape[1:] != (rows.shape[1],) for table in (centres, *tables_of(arrays).values())):
            raise ValueError("centres do not have the rows' columns")
        if len(rows) and arrays["weights"].shape != (len(rows),):
            raise ValueError("weights is not as it was written")
        self._look_at(rows, arrays["weights"])
        self._centres = centres

    def _take(self, centres: Doubles) -> None:
        """Make these the present centres."""
        if not np.array_equal(centres, self._centres):
            self._centres, self._cells, self.figures.quiet = centres, None, 0

    def _present(self) -> Cells:
        if self._cells is None:
            self._cells = cells_of(self._rows, self._weights, self._centres)
        return self._cells

    def centres(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units."""
        return self._centres

    def masses(self) -> Doubles:
        """Return the mass (k,) of each centre's rows; an empty one has none."""
        return self._present().masses

    def losses(self) -> Doubles:
        """Return the sum (k,) of squared distances of each centre's rows to it."""
        return self._present().losses

    def labels(self) -> NDArray[np.int32]:
        """Return the number of each row's centre (n,)."""
        return self._present().labels

    def groups(self) -> NDArray[np.int64]:
        """Return the cluster (k,) that each centre belongs to: one of its own."""
        return np.arange(len(self._centres))

    def nearest(self, rows: Doubles) -> NDArray[np.int32]:
        """Return the number (n,) of the nearest centre of rows (n, d)."""
        return nearest_centres(np.ascontiguousarray(rows), self._centres)[0]

    def _drawn_step(self, allowed: tuple[bool, bool, bool] = (True, True, True)) -> int:
        """Draw -1, 0 or 1 by the weights of those that are allowed; 0 if they have none."""
        sums = np.cumsum(np.array(self.knobs.prob_k) * allowed)
        if sums[-1] == 0:
            return 0
        place = np.searchsorted(sums, self.random.random_sample() * sums[-1], side="right")
        return int(min(place, 2)) - 1
