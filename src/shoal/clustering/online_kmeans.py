"""K-Means of a stream: every row moves a centre once, old rows are forgotten, stranded centres moved."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import Limits, Number, OneOf, Table, Whole
from shoal.clustering.lloyd.iterating import nearest_centres
from shoal.clustering.online.generator import resumed, state_of
from shoal.clustering.online.lanes import GROUP
from shoal.clustering.online.live_clusterer import LiveClusterer
from shoal.clustering.online.moving import MovingCentres
from shoal.clustering.online.scaling import SCALINGS, spread_of
from shoal.clustering.online.seeding import ALIASES
from shoal.clustering.online.snapshots import Snapshot, refused
from shoal.clustering.online.starting import start
from shoal.clustering.online.ward import merged_down

# How many rows are taken in at once, and after how many they are learned even if nobody looks.
BLOCK = 1024
RECENT, RECENT_OF_ONE = 2048, 50


class OnlineKMeans(LiveClusterer):
    """Cluster a stream of rows into `n_clusters`, keeping centres and the most recent rows only.

    How rows are cut into calls changes no bit of the result, and neither does looking at it. The start is
    made from the first 50 rows a cluster; what is seen before comes from the rows there are.

    Parameters: `n_clusters`; `half_life`: after how many rows, 1 or more, one counts half (None: never);
    `adapt`: let centres jump after rows that moved, and swap two near ones for a split elsewhere;
    `frame_size`: how many recent rows `frame_` shows (0: the 2048 or more that `adapt` looks at); `init`,
    `scale`, `random_state` as in `FrameKMeans`.

    Attributes: `cluster_centers_` (k, d), `masses_` (k,), `labels_` and `counts_` of the frame, `n_iter_`,
    `settled_`, `frame_`, `n_rows_seen_`, `metrics_` (inertia of the frame, jumps and swaps so far).

    >>> OnlineKMeans(2, random_state=0).fit([[0.0], [0.2], [9.0], [9.1], [9.2]]).labels_
    array([1, 1, 0, 0, 0], dtype=int32)
    """

    _limits: ClassVar[Limits] = {
        "n_clusters": (Whole(1),),
        "half_life": (OneOf((None,)), Number(1)),
        "adapt": (OneOf((True, False)),),
        "frame_size": (Whole(0),),
        "init": (OneOf(tuple(ALIASES)), Table()),
        "scale": (OneOf(SCALINGS),),
    }
    _most_at_once = BLOCK
    max_iter = 1

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        half_life: float | None = 20_000,
        adapt: bool = True,
        frame_size: int = 0,
        init: str | ArrayLike = "k-means++",
        scale: str = "none",
        random_state: int | RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.half_life = half_life
        self.adapt = adapt
        self.frame_size = frame_size
        self.init = init
        self.scale = scale
        self.random_state = random_state

    def _forget(self) -> None:
        frame = self._frame_of()
        self._base = self._learned = self._checked = frame.seen - len(frame)
        self._model: MovingCentres | None = None
        self._view: tuple[int, MovingCentres] | None = None
        self._counted: tuple[Any, NDArray[np.float64], float] | None = None
        self._wish = self._wanted()
        self._iterated = -1
        self._due = frame.seen + BLOCK
        self._moves = [0, 0]

    def _wanted(self) -> list[Any]:
        return [int(self.n_clusters), str(self.scale)]

    def _recent_size(self) -> int:
        return max(RECENT, RECENT_OF_ONE * int(self.n_clusters))

    def _frame_size(self) -> int:
        return max(self._recent_size(), int(self.frame_size)) + 2 * BLOCK

    def _start_size(self) -> int:
        """Return from how many rows the start is made: a whole number of groups."""
        return -(-RECENT_OF_ONE * int(self.n_clusters) // GROUP) * GROUP

    @property
    def frame_(self) -> Doubles:
        """Return the last rows (n, d) in the order of their arrival; valid until more come."""
        return self._frame_of().rows[-(int(self.frame_size) or self._recent_size()) :]

    def iterate(self) -> bool:
        """Learn the rows that wait; return whether there were any rows yet."""
        self._refuse_wrong()
        frame = self._frame
        if frame is None or not len(frame):
            return False
        frame.resize(self._frame_size())
        self.n_iter_ += 1
        self._look()
        self._iterated = frame.seen
        return len(self._seen_now()) > 0

    def partial_fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Take rows (n, d) in; they are learned together with others that wait, or when somebody looks."""
        if sample_weight is not None or not self._taken(X):
            self._absorb_checked(X, sample_weight)
        self.n_iter_ += 1
        self._iterated = self._frame_of().seen
        return self

    def _look(self) -> None:
        """Learn the rows that wait, but for those that are not yet a whole group."""
        frame = self._frame_of()
        self._due = frame.seen + BLOCK
        if self._model is None:
            if frame.seen - self._base < self._start_size():
                return
            self._model = self._started(self._base, self._base + self._start_size())
            self._learned = self._checked = self._base + self._start_size()
        elif self._wish != self._wanted():
            self._model = self._started(self._learned - self._recent_size(), self._learned)
        self._wish = self._wanted()
        end = frame.seen - (frame.seen - self._base) % GROUP
        while self._learned < end:
            self._advance(self._model, min(end, self._checked + self._check_every()))

    def _check_every(self) -> int:
        return max(BLOCK, self._recent_size() // 2 // GROUP * GROUP)

    def _advance(self, model: MovingCentres, end: int) -> None:
        """Learn rows up to a number, and check the centres when it is time."""
        rows, weights, first = self._between(self._learned, end)
        model.learn(rows, weights, first, first + end - self._learned, self.half_life)
        self._learned = end
        if end == self._checked + self._check_every():
            self._checked = end
            self._check(model)

    def _between(self, first: int, end: int) -> tuple[Doubles, Doubles, int]:
        """Return the frame's rows and weights up to row number `end`, and the place of number `first`."""
        frame = self._frame_of()
        oldest = frame.seen - len(frame)
        count = end - oldest
        return frame.rows[:count], frame.weights[:count], max(0, first - oldest)

    def _recent(self) -> tuple[Doubles, Doubles]:
        rows, weights, first = self._between(self._learned - self._recent_size(), self._learned)
        return rows[first:], weights[first:]

    def _check(self, model: MovingCentres) -> None:
        """Bring the centres to where the recent rows are, and complete their number."""
        rows, weights = self._recent()
        model.rescale(spread_of(self.scale, rows, weights))
        if len(model) < self.n_clusters:
            more = self._started(self._learned - self._recent_size(), self._learned)
            self._model = more if len(more) > len(model) else model
        elif self.adapt:
            jumps, swaps = model.adapt(rows, weights)
            self._moves = [self._moves[0] + jumps, self._moves[1] + swaps]

    def _started(self, first: int, end: int) -> MovingCentres:
        """Return centres made from rows by number, always by the same random numbers."""
        rows, weights, place = self._between(first, end)
        rows, weights = rows[place:], weights[place:].copy()
        if not len(rows):
            return MovingCentres(rows, np.empty(0), np.empty(0))
        spread = spread_of(self.scale, rows, weights)
        init = self.init if isinstance(self.init, str) else np.asarray(self.init, dtype=np.float64)
        if spread.size:
            rows, init = rows / spread, init if isinstance(init, str) else init / spread
        centres, masses = start(rows, weights, self.n_clusters, resumed(state_of(self._random)), init)
        return MovingCentres(centres, masses, spread)

    def _seen_now(self) -> MovingCentres:
        """Return the centres as all rows have made them; those that wait are learned by a copy."""
        seen = self._frame_of().seen
        if self._model is not None and self._learned == seen:
            return self._model
        if self._view is None or self._view[0] != seen:
            self._view = seen, self._looked_ahead(seen)
        return self._view[1]

    def _looked_ahead(self, seen: int) -> MovingCentres:
        self._look()
        if self._model is None:
            return self._started(self._base, seen)
        model = self._model.copy()
        rows, weights, first = self._between(self._learned, seen)
        model.learn(rows, weights, first, first + seen - self._learned, self.half_life)
        return model

    @property
    def settled_(self) -> bool:
        """Say whether every row that came was learned."""
        return self._frame is not None and self._iterated == self._frame.seen and self._wish == self._wanted()

    @property
    def cluster_centers_(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units."""
        return self._seen_now().centres

    @property
    def masses_(self) -> Doubles:
        """Return how many rows (k,) each centre stands for, less what is forgotten."""
        return self._seen_now().masses

    @property
    def counts_(self) -> Doubles:
        """Return the sum of weights (k,) of the frame's rows nearest to each centre."""
        return self._count()[0]

    @property
    def metrics_(self) -> dict[str, float]:
        """Return the inertia of the frame, and how often a centre jumped or was swapped."""
        return {"inertia": self._count()[1], "jumps": self._moves[0], "swaps": self._moves[1]}

    def _count(self) -> tuple[Doubles, float]:
        """Return the mass of each centre's rows in the frame, and their inertia."""
        model, mark = self._seen_now(), [self._frame_of().seen, self._wish]
        if self._counted is None or self._counted[0] != mark:
            rows, weights = model.compared(self.frame_), self._frame_of().weights[-len(self.frame_) :]
            if not len(model) or not len(rows):
                return np.zeros(len(model)), 0.0
            labels, state = nearest_centres(rows, model.inner, weights.copy())
            masses = weights if weights.size else None
            counts = np.bincount(labels, masses, len(model)).astype(np.float64)
            self._counted = mark, counts, state.inertia()
        return self._counted[1].copy(), self._counted[2]

    def _distances_in(self) -> Doubles:
        return self._seen_now().spread

    def _join(self, other: Any) -> None:
        mine, theirs = self._seen_now(), other._seen_now()
        spread = mine.spread if len(mine) else theirs.spread
        centres = np.concatenate([mine.centres, theirs.centres])
        inner = centres / spread if spread.size else centres
        pooled = merged_down(inner, np.concatenate([mine.masses, theirs.masses]), int(self.n_clusters))
        self._frame_of().join(other._frame)
        self._forget()
        self._base = self._learned = self._checked = self._frame_of().seen
        self._model = MovingCentres(*pooled, spread)

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        self._look()
        model = self._model
        facts = {name: getattr(self, f"_{name}") for name in MARKS} | {"started": model is not None}
        if model is None:
            return facts, {}
        arrays = {"inner": model.inner, "weighed": model.weighed, "spread": model.spread}
        return facts | {"unit": model.unit}, arrays

    def _recall(self, snapshot: Snapshot) -> None:
        self._forget()
        for name, kind in MARKS.items():
            setattr(self, f"_{name}", snapshot.fact(name, kind))
        seen, held = self._frame_of().seen, len(self._frame_of())
        if not (seen - held <= self._learned <= seen and self._base <= self._checked <= self._learned):
            raise refused("its rows are not those that its counts tell of")
        if len(self._moves) != 2 or not all(isinstance(count, int) for count in self._moves):
            raise refused("moves are no two counts")
        if snapshot.fact("started", bool):
            inner = snapshot.array("inner", np.float64, None, int(self.n_features_in_))
            weighed = snapshot.array("weighed", np.float64, len(inner))
            spread = snapshot.array("spread", np.float64, None)
            if len(spread) not in (0, inner.shape[1]) or not (spread > 0).all():
                raise refused("spread has the wrong length or values")
            self._model = MovingCentres(inner, weighed.copy(), spread, _unit_in(snapshot))


# What counts rows and calls, in a snapshot by these names.
MARKS = {"base": int, "learned": int, "checked": int, "iterated": int, "wish": list, "moves": list}


def _unit_in(snapshot: Snapshot) -> float:
    unit = float(snapshot.fact("unit", float))
    if not 0 < unit < np.inf:
        raise refused(f"unit is {unit}")
    return unit
