"""Cluster a stream of series in one pass: by the original's rule, or by micro-clusters."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.limits import Limits, Number, OneOf, Whole, refuse_beyond
from shoal.clustering.online.snapshots import Snapshot
from shoal.clustering.spaces.agglomerating import Recent, grouped_cells, prices_of
from shoal.clustering.spaces.averaging import averaged, pulled
from shoal.clustering.spaces.elements import as_arrays, from_arrays
from shoal.clustering.spaces.series_clusterer import SHARED, Labels, Many, SeriesClusterer
from shoal.clustering.spaces.space import Doubles
from shoal.clustering.spaces.warping import Inner
from shoal.clustering.streaming.grouping import Wanted
from shoal.clustering.streaming.micros import CROWDED, FORGOTTEN, NARROWING, ROOMY
from shoal.clustering.streaming.original import COUNT, FARTHEST, USED, Rule, is_far

MOST = {"robust": 64, "original": 1024}
RECENT = 256


class SeriesStreaming(SeriesClusterer):
    """Cluster a stream of series in one pass; the number of clusters is found.

    Parameters and methods are those of `StreamingClusterer`, as far as series have them. The original's rule
    moves a centre by the mean of two series, which may cut its last step off; micro-clusters keep theirs.
    """

    _keeps_waiting = True
    _limits: ClassVar[Limits] = {
        **SHARED,
        "method": (OneOf(("robust", "original")),),
        "max_k": (Whole(1), OneOf((None,))),
        "half_life": (Number(1e-3), OneOf((None,))),
        "micros": (Whole(8),),
        "confirmed": (Number(0),),
        "amp": (Number(1e-12),),
        "b": (Number(1e-12),),
        "mu": (Number(0),),
        "sigma": (Number(0),),
        "out_ratio": (Number(0),),
        "out_after": (Whole(2),),
    }

    def __init__(
        self,
        *,
        method: str = "robust",
        inner_space: Inner = "euclid",
        window: int = 0,
        max_k: int | None = None,
        half_life: float | None = None,
        micros: int = 32,
        confirmed: float = 2.0,
        amp: float = 1.0,
        b: float = 1.0,
        scale: str = "none",
        mu: float = 0.5,
        sigma: float = 0.1,
        out_ratio: float = 2.0,
        out_after: int = 5,
        frame_size: int = 2000,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.method = method
        self.inner_space = inner_space
        self.window = window
        self.max_k = max_k
        self.half_life = half_life
        self.micros = micros
        self.confirmed = confirmed
        self.amp = amp
        self.b = b
        self.scale = scale
        self.mu = mu
        self.sigma = sigma
        self.out_ratio = out_ratio
        self.out_after = out_after
        self.frame_size = frame_size
        self.random_state = random_state

    def _forget(self) -> None:
        self._cells: Many = []  # Centres of the original's rule, or micro-clusters.
        self._mass, self._loss = np.empty(0), np.empty(0)
        self._numbers = np.zeros(3)  # As the rule counts; the width of micro-clusters is in FARTHEST.
        self._looked = self.n_rows_seen_ - len(self.frame_)
        self._groups: tuple[NDArray[np.int64], Many] | None = None

    @property
    def settled_(self) -> bool:
        """Say whether no series waits to be looked at."""
        return self._rows is not None and self._looked == self.n_rows_seen_

    def iterate(self) -> bool:
        """Look at the series that wait; return whether there were any."""
        refuse_beyond(self._limits, self)
        if self._rows is None or self.settled_:
            return False
        waiting = self.n_rows_seen_ - self._looked
        look = self._follow if self.method == "original" else self._absorb
        for place in range(len(self._rows) - waiting, len(self._rows)):
            if self._weights[place] > 0:
                look(self._rows[place], float(self._weights[place]))
        self._groups = None
        self._looked = self.n_rows_seen_
        self.n_iter_ += waiting
        self._trim()
        return True

    def _near(self, series: Doubles) -> tuple[int, float]:
        labels, gaps = self._space.nearest([series], self._cells)
        return int(labels[0]), float(gaps[0])

    def _add(self, series: Doubles, weight: float) -> None:
        self._cells.append(series)
        self._mass, self._loss = np.append(self._mass, weight), np.append(self._loss, 0.0)

    def _follow(self, series: Doubles, weight: float) -> None:
        """Take a series by the original's rule."""
        draw = float(self._random.standard_normal())
        if not self._cells:
            self._add(series, weight)
            return
        near, gap = self._near(series)
        farthest = float(self._numbers[FARTHEST]) or gap
        rule = Rule(float(self.mu), float(self.sigma), float(self.out_ratio), int(self.out_after))
        new, outlier = is_far(gap / farthest if farthest else 0.0, draw, self._numbers, rule)
        if new:
            self._add(series, weight)
            self._bound(int(self.max_k or MOST["original"]))
        else:
            self._cells[near] = self._space.combine(self._cells[near], self._mass[near], series, weight)
            self._mass[near] += weight
        if not outlier:
            self._numbers[FARTHEST] = max(self._numbers[FARTHEST], gap)
        self._numbers[COUNT] += 1
        self._numbers[USED] = len(self._cells)

    def _absorb(self, series: Doubles, weight: float) -> None:
        """Take a series into the nearest micro-cluster, or make it one."""
        if self.half_life:
            left = 2.0 ** (-1.0 / self.half_life)
            self._mass, self._loss = self._mass * left, self._loss * left
        near, cost = 0, np.inf
        if self._cells:
            near, gap = self._near(series)
            cost = weight * self._mass[near] / (weight + self._mass[near]) * gap * gap
        if cost <= self._numbers[FARTHEST]:
            self._cells[near] = pulled(self._space, self._cells[near], self._mass[near], series, weight)
            self._mass[near] += weight
            self._loss[near] += cost
            return
        if len(self._cells) >= self.micros:
            self._make_room()
        self._add(series, weight)

    def _make_room(self) -> None:
        if self.half_life:
            kept = np.flatnonzero(self._mass >= min(FORGOTTEN, self._mass.max()))
            self._keep(kept)
        if len(self._cells) > CROWDED * self.micros:
            price = self._bound(int(ROOMY * self.micros))
            narrowed = self._numbers[FARTHEST] * (NARROWING if self.half_life else 1.0)
            self._numbers[FARTHEST] = max(price, narrowed)

    def _keep(self, places: NDArray[np.int64]) -> None:
        self._cells = [self._cells[place] for place in places]
        self._mass, self._loss = self._mass[places], self._loss[places]

    def _bound(self, most: int) -> float:
        """Merge the pairs that cost least until no more than `most` are left; return the highest price."""
        highest = 0.0
        while len(self._cells) > most:
            prices = prices_of(self._mass, self._space.distances(self._cells, self._cells))
            prices[np.tril_indices(len(prices))] = np.inf
            a, b = (int(place) for place in np.unravel_index(int(prices.argmin()), prices.shape))
            highest = max(highest, float(prices[a, b]))
            self._cells[a] = pulled(self._space, self._cells[a], self._mass[a], self._cells[b], self._mass[b])
            self._mass[a] += self._mass[b]
            self._loss[a] += self._loss[b] + prices[a, b]
            self._keep(np.delete(np.arange(len(self._cells)), b))
        return highest

    def _grouped(self) -> tuple[NDArray[np.int64], Many]:
        """Return the cluster of each cell, -1 for one held apart, and the clusters' centres."""
        if self.method == "original" or not self._cells:
            return np.arange(len(self._cells)), self._cells
        if self._groups is None:
            knobs = Wanted(int(self.max_k or MOST["robust"]), self.amp, self.b, self.confirmed)
            series, weights = self.frame_[-RECENT:], np.maximum(self._weights[-RECENT:], 1e-12)
            near = self._space.nearest(series, self._cells)[0].astype(np.int64)
            recent = Recent(series, weights, near)
            groups = grouped_cells(self._space, self._cells, self._mass, self._loss, recent, knobs)
            self._groups = groups, self._centres_of(groups)
        return self._groups

    def _centres_of(self, groups: NDArray[np.int64]) -> Many:
        """Return the mean of the cells of each group, aligned with its heaviest."""
        centres = []
        for group in range(int(groups.max()) + 1):
            places = np.flatnonzero(groups == group)
            heaviest = self._cells[places[self._mass[places].argmax()]]
            cells = [self._cells[place] for place in places]
            centres.append(averaged(self._space, heaviest, cells, self._mass[places]))
        return centres

    @property
    def cluster_centers_(self) -> Many:
        """Return the centres, series (length, d)."""
        return list(self._grouped()[1]) if self._rows is not None else []

    @property
    def counts_(self) -> Doubles:
        """Return the mass (k,) of each cluster, less what is forgotten."""
        groups, centres = self._grouped()
        kept = groups >= 0
        return np.bincount(groups[kept], self._mass[kept], len(centres)).astype(np.float64)

    @property
    def metrics_(self) -> dict[str, float]:
        """Return the inertia of the frame, and `max_distance` of the original, else `micros` and `width`."""
        farthest = float(self._numbers[FARTHEST])
        if self.method == "original":
            return super().metrics_ | {"max_distance": farthest}
        return super().metrics_ | {"micros": float(len(self._cells)), "width": farthest}

    def _nearest(self, rows: Many) -> tuple[Labels, Doubles]:
        """Return the cluster (n,) of the cell nearest to each series, and the distance to that cell."""
        if not self._cells or not rows:
            return np.full(len(rows), -1, np.int32), np.full(len(rows), np.inf)
        near, gaps = self._space.nearest(rows, self._cells)
        return self._grouped()[0][near].astype(np.int32), gaps

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays = as_arrays("cells", self._cells)
        numbers = {"mass": self._mass, "loss": self._loss, "numbers": self._numbers}
        return {"looked": self._looked}, arrays | numbers

    def _recall(self, snapshot: Snapshot) -> None:
        self._cells = list(from_arrays("cells", snapshot.arrays))
        self._mass = snapshot.array("mass", np.float64, len(self._cells)).copy()
        self._loss = snapshot.array("loss", np.float64, len(self._cells)).copy()
        self._numbers = snapshot.array("numbers", np.float64, 3).copy()
        self._looked = snapshot.fact("looked", int)
        self._groups = None
