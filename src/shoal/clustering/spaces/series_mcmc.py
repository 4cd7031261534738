"""Find how many clusters series form, by a Metropolis search over a sample of them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.limits import Limits, Number, OneOf, Whole, refuse_beyond
from shoal.clustering.mcmc.dimension import CAUTION
from shoal.clustering.mcmc.score import Terms, total_score
from shoal.clustering.online.snapshots import InvalidSnapshot, Snapshot
from shoal.clustering.spaces.agglomerating import best_grouping, dimension_of, yardstick_of
from shoal.clustering.spaces.averaging import averaged
from shoal.clustering.spaces.elements import as_arrays, from_arrays
from shoal.clustering.spaces.relations import Places, Relations
from shoal.clustering.spaces.series_clusterer import SHARED, Many, SeriesClusterer
from shoal.clustering.spaces.space import Doubles
from shoal.clustering.spaces.warping import Inner

SAMPLE = 400
P_GLOBAL, STEPS, ROUNDS, SAME = 0.03, 4, 5, 0.1
QUIET = 100  # Iterations without a change after which another is not worth waiting for.
MIX = np.uint64(0x9E3779B97F4A7C15)


class SeriesMCMC(SeriesClusterer):
    """Cluster the last series of a stream; the number of clusters is found.

    The search is that of `MCMCClusterer`, over cells of a sample of up to 400 series of which only the
    distances are known (`relations`). Centres are the means of cells, aligned with their middlemost series.

    Lengths may vary within a cluster. Series of one shape whose height or beginning varies are cut into
    several clusters, as long clusters of points are; `amp=0.01` cuts less, and parts unlike shapes as well.

    Parameters: `init_k` (kept for a common interface: the first proposal is global), `max_k`, `amp`, `b`,
    `n_iter` of `fit`, `frame_size`, `inner_space`, `window`, `random_state`.
    """

    _limits: ClassVar[Limits] = {
        **SHARED,
        "init_k": (Whole(1), OneOf((None,))),
        "max_k": (Whole(1),),
        "amp": (Number(1e-12),),
        "b": (Number(1e-12),),
        "n_iter": (Whole(1),),
        "method": (OneOf(("search",)),),
    }

    def __init__(
        self,
        init_k: int | None = None,
        max_k: int = 64,
        amp: float = 1.0,
        b: float = 1.0,
        *,
        inner_space: Inner = "euclid",
        window: int = 0,
        scale: str = "none",
        method: str = "search",
        frame_size: int = 0,
        n_iter: int = 100,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.init_k = init_k
        self.max_k = max_k
        self.amp = amp
        self.b = b
        self.inner_space = inner_space
        self.window = window
        self.scale = scale
        self.method = method
        self.frame_size = frame_size
        self.n_iter = n_iter
        self.random_state = random_state

    def _most_iterations(self) -> int:
        return self.n_iter

    def _forget(self) -> None:
        self._labels: Places = np.empty(0, np.int64)
        self._numbers: Places = np.empty(0, np.int64)  # Of the sampled series in the stream.
        self._squares: Doubles = np.empty((0, 0))
        self._e = 0.0
        self._quiet = self._accepted = 0
        self._rho = 0.0
        self._centres: Many = []
        self._mark = -1

    @property
    def settled_(self) -> bool:
        """Say whether nothing has changed for long."""
        return self._rows is not None and self._mark == self.n_rows_seen_ and self._quiet >= QUIET

    @property
    def cluster_centers_(self) -> Many:
        """Return the centres, series (length, d), the largest cluster first."""
        return list(self._centres) if self._rows is not None else []

    @property
    def metrics_(self) -> dict[str, float]:
        """Return the inertia of the frame, `rho`, `acceptations`, and the effective dimension."""
        figures = {"rho": self._rho, "acceptations": float(self._accepted), "dimension": self._e}
        return super().metrics_ | figures

    def iterate(self) -> bool:
        """Propose cells and accept or reject them; return whether there are series."""
        refuse_beyond(self._limits, self)
        if not self._rows:
            return False
        self._trim()
        self.n_iter_ += 1
        is_due = self._mark != self.n_rows_seen_
        if is_due:
            self._sync()
        known = Relations(self._squares, self._sample_weights())
        before = self._labels
        proposed = self._proposed(known, is_due)
        if proposed is not None:
            self._decide(known, known.reassigned(proposed, int(proposed.max()) + 1))
        moved = is_due or not np.array_equal(before, self._labels)
        self._quiet = 0 if moved else self._quiet + 1
        if moved:
            self._centres = self._means(known)
        return True

    def _sample(self) -> Places:
        """Return which series of the stream are sampled: those whose numbers hash lowest, so most stay."""
        last = self.n_rows_seen_
        numbers = np.arange(last - len(self.frame_), last)
        hashes = (numbers.astype(np.uint64) + np.uint64(1)) * MIX
        hashes ^= hashes >> np.uint64(29)
        chosen = np.argsort(hashes * MIX, kind="stable")[:SAMPLE]
        return np.sort(numbers[chosen])

    def _places(self) -> Places:
        return self._numbers - (self.n_rows_seen_ - len(self.frame_))

    def _sample_weights(self) -> Doubles:
        weights = self._weights[self._places()]
        return np.asarray(np.maximum(weights, 1e-12))

    def _sync(self) -> None:
        """Sample the frame, measure what is new in the sample, and label it by what is old."""
        numbers = self._sample()
        kept = np.isin(numbers, self._numbers)
        old = np.searchsorted(self._numbers, numbers[kept])
        self._numbers, self._mark = numbers, self.n_rows_seen_
        series = [self.frame_[place] for place in self._places()]
        squares = np.empty((len(numbers), len(numbers)))
        squares[np.ix_(kept, kept)] = self._squares[np.ix_(old, old)]
        fresh = np.flatnonzero(~kept)
        if fresh.size:
            gaps = np.square(self._space.distances([series[place] for place in fresh], series))
            squares[fresh], squares[:, fresh] = gaps, gaps.T
        labels = np.zeros(len(numbers), np.int64)
        if kept.any() and self._labels.size:
            labels[kept] = self._labels[old]
            nearest = squares[np.ix_(fresh, np.flatnonzero(kept))].argmin(axis=1) if fresh.size else fresh
            labels[fresh] = labels[np.flatnonzero(kept)[nearest]]
        self._squares = squares
        self._labels = np.asarray(np.unique(labels, return_inverse=True)[1])
        self._e = self._e or float(series[0].size)

    def _terms(self, known: Relations, e: float) -> Terms:
        total = float(known.weights.sum())
        spread = float(np.median(known.squares)) or float(known.squares.mean()) or 1.0
        return yardstick_of(total, spread, e).terms(self.amp, self.b, e)

    def _score(self, known: Relations, labels: Places) -> float:
        mass, loss, _ = known.cells(labels, int(labels.max()) + 1)
        return float(total_score(mass, np.maximum(loss, 0.0), self._terms(known, self._e)))

    def _decide(self, known: Relations, labels: Places) -> None:
        """Accept labels by the ratio of their score to that of the present ones."""
        gain = self._score(known, labels) - self._score(known, self._labels)
        self._rho = float(np.exp(min(gain, 700.0)))
        if int(labels.max()) < self.max_k and np.log(self._random.random_sample()) < gain:
            self._labels = labels
            self._accepted += 1

    def _proposed(self, known: Relations, is_due: bool) -> Places | None:
        """Return labels anew, or with two cells merged, one split, or as they are; None for no proposal."""
        kind = int(self._random.randint(-1, 2))
        if is_due or self._random.random_sample() < P_GLOBAL:
            return self._global(known)
        k = int(self._labels.max()) + 1
        if kind < 0 and k > 1:
            return self._merged(known, k)
        if kind > 0 and k < self.max_k:
            return self._split(known, k)
        return self._labels.copy() if kind == 0 else None

    def _global(self, known: Relations) -> Places | None:
        """Cut the sample finely, and merge the pieces at the dimension that the groups have."""
        count = min(2 * self.max_k, len(known.weights) // 5)
        if count < 1:
            return None
        pieces = known.seeded(count, self._random)
        pieces = known.reassigned(pieces, int(pieces.max()) + 1, STEPS)
        k = int(pieces.max()) + 1
        mass, loss, _ = known.cells(pieces, k)
        prices = np.maximum(known.prices(pieces, k), 0.0)
        e, labels = float(self.frame_[0].size), pieces
        for _ in range(ROUNDS):
            groups = best_grouping(mass, np.maximum(loss, 0.0), prices, self._terms(known, e), self.max_k)
            labels = groups[pieces]
            apart = known.cells(labels, int(labels.max()) + 1)[2]
            before, e = e, CAUTION * dimension_of(apart[np.arange(len(labels)), labels], labels)
            if abs(e - before) <= SAME * before:
                break
        self._e = e
        return labels

    def _merged(self, known: Relations, k: int) -> Places:
        """Merge the pair that costs least, with some chance in it."""
        prices = known.prices(self._labels, k)
        prices *= 1.0 + self._random.standard_exponential((k, k))
        prices[np.tril_indices(k)] = np.inf
        a, b = np.unravel_index(int(prices.argmin()), prices.shape)
        labels = np.where(self._labels == b, a, self._labels)
        return np.asarray(np.unique(labels, return_inverse=True)[1])

    def _split(self, known: Relations, k: int) -> Places | None:
        """Cut one cell in two, drawn by its mass."""
        mass = known.cells(self._labels, k)[0]
        cell = int(self._random.choice(k, p=mass / mass.sum()))
        members = np.flatnonzero(self._labels == cell)
        if len(members) < 2:
            return None
        part = Relations(known.squares[np.ix_(members, members)], known.weights[members])
        halves = part.seeded(2, self._random)
        halves = part.reassigned(halves, int(halves.max()) + 1, STEPS)
        labels = self._labels.copy()
        labels[members[halves == 1]] = k
        return labels if (halves == 1).any() else None

    def _means(self, known: Relations) -> Many:
        """Return the mean of each cell, aligned with its middlemost series; the heaviest cell first."""
        k = int(self._labels.max()) + 1
        mass, _, apart = known.cells(self._labels, k)
        places, centres = self._places(), []
        for cell in np.argsort(-mass, kind="stable"):
            members = np.flatnonzero(self._labels == cell)
            middle = self.frame_[places[members[apart[members, cell].argmin()]]]
            series = [self.frame_[places[member]] for member in members]
            centres.append(averaged(self._space, middle, series, known.weights[members]))
        return centres

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        facts = {
            "e": self._e,
            "rho": self._rho,
            "quiet": self._quiet,
            "accepted": self._accepted,
            "mark": self._mark,
        }
        arrays = {"labels": self._labels, "numbers": self._numbers, "squares": self._squares}
        return facts, arrays | as_arrays("centres", self._centres)

    def _recall(self, snapshot: Snapshot) -> None:
        self._numbers = snapshot.array("numbers", np.int64, None)
        count = len(self._numbers)
        self._labels = snapshot.array("labels", np.int64, count)
        self._squares = snapshot.array("squares", np.float64, count, count)
        self._centres = list(from_arrays("centres", snapshot.arrays))
        if count and not 0 <= self._labels.min() <= self._labels.max() < count:
            raise InvalidSnapshot("This snapshot has labels of no cluster.", hint="Export it again.")
        self._e, self._rho = float(snapshot.fact("e", float)), float(snapshot.fact("rho", float))
        self._quiet, self._accepted = snapshot.fact("quiet", int), snapshot.fact("accepted", int)
        self._mark = snapshot.fact("mark", int)
