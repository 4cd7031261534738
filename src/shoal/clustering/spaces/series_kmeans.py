"""K-Means of series: on a sliding frame of them, or by each once as it comes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.limits import InvalidParameter, Limits, Number, OneOf, Table, Whole, refuse_beyond
from shoal.clustering.online.seeding import ALIASES, initialiser
from shoal.clustering.online.snapshots import Snapshot
from shoal.clustering.spaces.averaging import averaged, pulled
from shoal.clustering.spaces.elements import as_arrays, from_arrays
from shoal.clustering.spaces.series_clusterer import SHARED, Many, SeriesClusterer
from shoal.clustering.spaces.space import Doubles
from shoal.clustering.spaces.warping import Inner

LIMITS: Limits = {
    **SHARED,
    "n_clusters": (Whole(1),),
    "init": (OneOf(tuple(ALIASES)), Table()),
}


class _Centred(SeriesClusterer):
    """Hold a given number of centres."""

    n_clusters: int
    init: Any
    _centres: Many
    _rested: bool

    @property
    def cluster_centers_(self) -> Many:
        """Return the centres, series (length, d)."""
        return self._centres if self._rows is not None else []

    def _more_centres(self) -> Many:
        """Return the centres, and more of the frame's series until there are enough, no two alike."""
        centres = list(self._centres)
        if not centres and not isinstance(self.init, str):
            return [np.array(one) for one in self._checked(self.init)][: self.n_clusters]
        name = initialiser(self.init) if isinstance(self.init, str) else "k-means++"
        while len(centres) < self.n_clusters:
            chances = self._weights * (self._nearest_gaps(centres) > 0)
            if name == "k-means++" and centres:
                chances = self._weights * self._nearest_gaps(centres) ** 2
            if not chances.any():
                return centres
            place = int(np.flatnonzero(chances)[0])
            if name != "given":
                place = int(self._random.choice(len(chances), p=chances / chances.sum()))
            centres.append(self.frame_[place])
        return centres[: self.n_clusters]

    def _nearest_gaps(self, centres: Many) -> Doubles:
        """Return the distance (n,) of the frame's series to the nearest of some centres."""
        if not centres:
            return np.ones(len(self.frame_))
        return self._space.nearest(self.frame_, centres)[1]

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"rested": self._rested}, as_arrays("centres", self._centres)

    def _recall(self, snapshot: Snapshot) -> None:
        self._centres = list(from_arrays("centres", snapshot.arrays))
        self._rested = snapshot.fact("rested", bool)


class SeriesKMeans(_Centred):
    """Cluster the last series of a stream by Lloyd's algorithm, one step an `iterate()`.

    Series are compared by dynamic time warping and averaged along its paths (`averaging`); a centre keeps the
    length of the series it began as. One that has no series left is put on the one farthest from its own.

    Parameters: `n_clusters`; `frame_size`: how many series are kept (0: all); `init` as of `FrameKMeans`;
    `inner_space`: "euclid" or "cosinus"; `window`: by how many steps paired ones may be apart (0: any);
    `max_iter` of `fit`; `random_state`.
    """

    _limits: ClassVar[Limits] = {**LIMITS, "max_iter": (Whole(1),)}

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        inner_space: Inner = "euclid",
        window: int = 0,
        frame_size: int = 0,
        init: Any = "k-means++",
        scale: str = "none",
        max_iter: int = 100,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.inner_space = inner_space
        self.window = window
        self.frame_size = frame_size
        self.init = init
        self.scale = scale
        self.max_iter = max_iter
        self.random_state = random_state

    def _forget(self) -> None:
        self._centres, self._rested = [], False

    def absorb(self, X: Any, sample_weight: Any = None) -> SeriesKMeans:
        """Take series into the frame, without an iteration."""
        super().absorb(X, sample_weight)
        self._rested = False
        return self

    def iterate(self) -> bool:
        """Move every centre to the mean of the series nearest to it; return whether there are series."""
        refuse_beyond(self._limits, self)
        if not self._rows:
            return False
        self._trim()
        self.n_iter_ += 1
        if not self.settled_:
            self._step()
        return True

    def _step(self) -> None:
        before = self._more_centres()
        labels, gaps = self._space.nearest(self.frame_, before)
        after = [self._moved(before, labels, number) for number in range(len(before))]
        far = iter(np.argsort(-gaps * (self._weights > 0), kind="stable"))
        for number in np.setdiff1d(np.arange(len(before)), labels[self._weights > 0]):
            place = int(next(far))
            after[number] = self.frame_[place] if gaps[place] > 0 else before[number]
        same = len(self._centres) == len(after)
        self._rested = same and all(np.array_equal(a, b) for a, b in zip(self._centres, after, strict=True))
        self._centres = after

    def _moved(self, centres: Many, labels: NDArray[np.int32], number: int) -> Doubles:
        places = np.flatnonzero((labels == number) & (self._weights > 0))
        if not places.size:
            return centres[number]
        members = [self.frame_[place] for place in places]
        return averaged(self._space, centres[number], members, self._weights[places])

    @property
    def settled_(self) -> bool:
        """Say whether the last iteration moved nothing."""
        return self._rows is not None and self._rested and len(self._centres) <= self.n_clusters


class SeriesOnlineKMeans(_Centred):
    """Cluster a stream of series by each once: the nearest centre is pulled to it, less the more it holds.

    Parameters: those of `SeriesKMeans`, and `half_life`: series after which one counts half (None: never).
    """

    _keeps_waiting = True
    _limits: ClassVar[Limits] = {**LIMITS, "half_life": (Number(1e-3), OneOf((None,)))}

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        inner_space: Inner = "euclid",
        window: int = 0,
        frame_size: int = 2000,
        init: Any = "k-means++",
        scale: str = "none",
        half_life: float | None = None,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.inner_space = inner_space
        self.window = window
        self.frame_size = frame_size
        self.init = init
        self.scale = scale
        self.half_life = half_life
        self.random_state = random_state

    def _forget(self) -> None:
        self._centres, self._rested = [], False
        self._masses = np.empty(0)
        self._looked = self.n_rows_seen_ - len(self.frame_)

    def iterate(self) -> bool:
        """Look at the series that wait; return whether there were any."""
        refuse_beyond(self._limits, self)
        if self._rows is None or self.settled_:
            return False
        if len(self._centres) > self.n_clusters:
            raise InvalidParameter(
                f"{len(self._centres)} centres cannot become {self.n_clusters}.", hint="Initialise anew."
            )
        if len(self._centres) < self.n_clusters:
            self._centres = self._more_centres()
            self._masses = np.append(self._masses, np.zeros(len(self._centres) - len(self._masses)))
        for place in range(len(self._rows) - (self.n_rows_seen_ - self._looked), len(self._rows)):
            self._look_at(self._rows[place], float(self._weights[place]))
        self._looked = self.n_rows_seen_
        self.n_iter_ += 1
        self._trim()
        return True

    def _look_at(self, series: Doubles, weight: float) -> None:
        if weight <= 0:
            return
        near = int(self._space.nearest([series], self._centres)[0][0])
        if self.half_life:
            self._masses *= 2.0 ** (-weight / self.half_life)
        centre, mass = self._centres[near], float(self._masses[near])
        self._centres = list(self._centres)
        self._centres[near] = pulled(self._space, centre, mass, series, weight)
        self._masses[near] += weight

    @property
    def settled_(self) -> bool:
        """Say whether no series waits to be looked at."""
        return self._rows is not None and self._looked == self.n_rows_seen_

    @property
    def counts_(self) -> Doubles:
        """Return the mass (k,) of each centre, less what is forgotten."""
        return self._masses.copy()

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        facts, arrays = super()._remembered()
        return facts | {"looked": self._looked}, arrays | {"masses": self._masses}

    def _recall(self, snapshot: Snapshot) -> None:
        super()._recall(snapshot)
        self._looked = snapshot.fact("looked", int)
        self._masses = snapshot.array("masses", np.float64, len(self._centres)).copy()
