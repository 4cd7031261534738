"""Find centres, and how many, by a Metropolis search that follows a sliding frame of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import (
    InvalidParameter,
    Limits,
    Number,
    OneOf,
    Positive,
    Weights,
    Whole,
)
from shoal.clustering.mcmc.engine import Engine, Knobs
from shoal.clustering.mcmc.found import Found, found_by
from shoal.clustering.mcmc.original import Original
from shoal.clustering.mcmc.search import Search
from shoal.clustering.mcmc.textbook import Textbook
from shoal.clustering.online.live_clusterer import Labels, LiveClusterer
from shoal.clustering.online.scaling import SCALINGS
from shoal.clustering.online.snapshots import InvalidSnapshot, Snapshot

METHODS: dict[str, type[Search | Original | Textbook]] = {
    "search": Search,
    "textbook": Textbook,
    "original": Original,
}
INIT_K = 8
QUIET = 200  # iterations without a change after which another is not worth waiting for


class MCMCClusterer(LiveClusterer):
    """Cluster the last rows of a stream by a Metropolis search for centres and for their number.

    `method="search"` scores a set of centres by the length of a code for the rows (see `mcmc.score`), so the
    unit of the rows does not matter; it merges, splits and moves centres, and proposes all of them anew. It
    reports where the search stands, not intervals of belief. `method="textbook"` is a Metropolis sampler with
    an exact ratio (see `mcmc.textbook`), `method="original"` an older service's, with its defects (see
    `mcmc.original`); for both `amp` weighs the loss.

    Parameters: `init_k`: centres to start from (None: 8 or `max_k`, fewer for few rows); `max_k`; `amp` above
    1 asks for more clusters, below 1 for fewer; `b` below 1 rewards clusters; `prob_k`: how often to try one
    cluster less, as many, one more; `nu`: degrees of freedom of the noise on proposed centres;
    `shape`: "auto" estimates in how many directions clusters are wide, "round" takes all to be wide alike,
    "elongated" also joins neighbouring centres without a gap between their rows (with an `amp` of 4 it parts
    long clusters that lie side by side); `scale`: divide columns by their spread before comparing, "none",
    "std" or "robust"; `method`; `frame_size`: how many rows are kept (0: all); `min_share`: a cluster with a
    smaller share of the rows is minor; `outliers`: give rows of minor clusters the label -1; `n_iter`:
    iterations of `fit`; `random_state`.

    A weight counts in the score as so many equal rows. What is tried is drawn among rows, though, so a fit of
    weighted rows and one of repeated rows may end in other centres, unlike scikit-learn asks of weights.

    For other spaces than Euclid's see `spaces.live.in_space`.

    Attributes: `cluster_centers_` (k, d), the largest cluster first; `labels_` and `counts_` of the frame,
    `n_clusters_`, `n_iter_`, `settled_`, `frame_`, `n_rows_seen_`, `metrics_` (inertia, k, k_major, rho,
    lambda, rGibbs, acceptations, iterations, time).

    >>> rows = [[0.0], [0.2], [0.1], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> MCMCClusterer(random_state=0).fit(rows).n_clusters_
    2
    """

    _limits: ClassVar[Limits] = {
        "init_k": (Whole(1), OneOf((None,))),
        "max_k": (Whole(1),),
        "amp": (Number(0),),
        "b": (Positive(),),
        "prob_k": (Weights(3),),
        "nu": (Positive(),),
        "shape": (OneOf(("auto", "round", "elongated")),),
        "scale": (OneOf(SCALINGS),),
        "method": (OneOf(tuple(METHODS)),),
        "frame_size": (Whole(0),),
        "min_share": (Number(0),),
        "outliers": (OneOf((False, True)),),
        "n_iter": (Whole(1),),
    }

    def __init__(
        self,
        init_k: int | None = None,
        max_k: int = 64,
        amp: float = 1.0,
        b: float = 1.0,
        prob_k: Sequence[float] = (1.0, 1.0, 1.0),
        nu: float = 3.0,
        *,
        shape: str = "auto",
        scale: str = "none",
        method: str = "search",
        frame_size: int = 0,
        min_share: float = 0.005,
        outliers: bool = False,
        n_iter: int = 200,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.init_k = init_k
        self.max_k = max_k
        self.amp = amp
        self.b = b
        self.prob_k = prob_k
        self.nu = nu
        self.shape = shape
        self.scale = scale
        self.method = method
        self.frame_size = frame_size
        self.min_share = min_share
        self.outliers = outliers
        self.n_iter = n_iter
        self.random_state = random_state

    def _most_iterations(self) -> int:
        return self.n_iter

    def _forget(self) -> None:
        self._engine: Engine | None = None
        self._mark = 0
        self._synced: list[int] = []

    def _refuse_wrong(self) -> None:
        super()._refuse_wrong()
        if self.init_k is not None and self.init_k > self.max_k:
            raise InvalidParameter(
                f"init_k={self.init_k} is more than max_k={self.max_k}.",
                hint="Start from max_k centres at most.",
            )

    def _knobs(self) -> Knobs:
        """Return the settings of the engine."""
        self._refuse_wrong()
        less, same, more = (float(weight) for weight in self.prob_k)
        return Knobs(
            min(INIT_K, self.max_k) if self.init_k is None else self.init_k,
            self.max_k, float(self.amp), float(self.b), (less, same, more), float(self.nu),
            self.shape, self.scale,
        )  # fmt: skip

    def iterate(self) -> bool:
        """Bring the search to the present frame, draw a move and decide; say whether there are rows."""
        frame = self._frame
        if frame is None or not len(frame):
            return False
        knobs = self._knobs()
        frame.resize(self.frame_size)
        engine = self._engine_for(knobs)
        if self._synced != [frame.seen, len(frame)]:
            self._sync(engine)
        engine.iterate()
        self._fitted_labels = None
        self.n_iter_ += 1
        return True

    def _engine_for(self, knobs: Knobs) -> Engine:
        """Return the engine, a new one for a new method; changed settings count from now on."""
        kind, engine = METHODS[self.method], self._engine
        if engine is None or type(engine) is not kind:
            fresh = kind(knobs, self._random)
            if engine is not None:
                fresh.begin_from(engine.centres())
            self._engine, self._synced = fresh, []
            return fresh
        if engine.knobs != knobs:
            engine.knobs, self._synced = knobs, []
        return engine

    def _sync(self, engine: Engine) -> None:
        frame = self._frame_of()
        rows, weights = frame.rows, frame.weights.copy() if frame.weights.size else np.ones(len(frame))
        if not weights.all():
            rows, weights = rows[weights > 0], weights[weights > 0]
        engine.sync(rows, weights, frame.fresh(self._mark))
        self._mark, self._synced = frame.seen, [frame.seen, len(frame)]

    def _found(self) -> Found | None:
        """Return what the search has found; None before it began."""
        self._frame_of()
        return found_by(self._engine) if self._engine is not None and self._synced else None

    @property
    def settled_(self) -> bool:
        """Say whether the search has changed nothing on the present frame for long."""
        frame = self._frame
        if frame is None or self._engine is None or self._synced != [frame.seen, len(frame)]:
            return False
        return self._engine.knobs == self._knobs() and self._engine.figures.quiet >= QUIET

    @property
    def cluster_centers_(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units; k is 0 before the first iteration."""
        found = self._found()
        return np.empty((0, int(self.n_features_in_))) if found is None else found.centres

    @property
    def counts_(self) -> Doubles:
        """Return the sum of weights (k,) of the frame's rows in each cluster, as of the last iteration."""
        found = self._found()
        return np.empty(0) if found is None else found.counts

    @property
    def metrics_(self) -> dict[str, float]:
        """Return the figures of the search; `lambda` is in 1/unit^2."""
        found, engine = self._found(), self._engine
        if found is None or engine is None:
            return dict.fromkeys(("k", "k_major", "centres", "iterations", "acceptations", "time"), 0.0)
        figures = engine.figures
        return {
            "inertia": float(engine.losses().sum()),
            "k": float(len(found.counts)),
            "k_major": float((~found.minor(self.min_share)).sum()),
            "centres": float(len(found.names)),
            "rho": figures.rho,
            "lambda": engine.temperature(),
            "rGibbs": figures.gibbs,
            "acceptations": float(figures.acceptations),
            "iterations": float(figures.iterations),
            "time": float(len(self._frame_of())),
        }

    def _frame_labels(self) -> Labels:
        found, frame = self._found(), self._frame_of()
        if found is not None and self._engine is not None and self._synced == [frame.seen, len(frame)]:
            labels = self._engine.labels()
            if len(labels) == len(frame):  # Rows of weight 0 are not shown to the engine.
                return self._named(labels, found)
        return self._nearest(frame.rows)

    def _nearest(self, rows: Doubles) -> Labels:
        found = self._found()
        if found is None or self._engine is None or not len(rows):
            return np.full(len(rows), -1, np.int32)
        return self._named(self._engine.nearest(rows), found)

    def _named(self, labels: Labels, found: Found) -> Labels:
        """Return an engine's labels as numbers by size, -1 for minor clusters if outliers are wanted."""
        names = found.names
        if self.outliers:
            names = np.where(found.minor(self.min_share)[names], np.int32(-1), names)
        return np.asarray(names[labels])

    def _join(self, other: Any) -> None:
        """Take another model's rows into the frame and go on from the centres of both, by one iteration."""
        engine, centres = self._engine, [self.cluster_centers_, other.cluster_centers_]
        self._frame_of().join(other._frame)
        if engine is not None and len(centres[0]):
            engine.begin_from(np.vstack(centres))
        self.iterate()

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        facts: dict[str, Any] = {"mark": self._mark, "synced": self._synced, "engine": None}
        arrays: dict[str, NDArray[Any]] = {}
        if self._engine is not None and self._synced:
            facts["engine"], arrays = self._engine.state()
            facts["knobs"] = asdict(self._engine.knobs)
            facts["way"] = next(name for name, kind in METHODS.items() if type(self._engine) is kind)
        return facts, {f"engine_{name}": array for name, array in arrays.items()}

    def _recall(self, snapshot: Snapshot) -> None:
        self._forget()
        frame = self._frame_of()
        self._mark, self._synced = snapshot.fact("mark", int), snapshot.fact("synced", list)
        if (facts := snapshot.facts.get("engine")) is None:
            return
        arrays = {name[7:]: array for name, array in snapshot.arrays.items() if name.startswith("engine_")}
        rows = frame.rows if self._synced == [frame.seen, len(frame)] else frame.rows[:0]
        if frame.weights.size and len(rows):
            rows = rows[frame.weights > 0]
        try:
            knobs = snapshot.fact("knobs", dict)
            knobs["prob_k"] = tuple(knobs["prob_k"])
            engine = METHODS[snapshot.fact("way", str)](Knobs(**knobs), self._random)
            engine.resume(facts, arrays, rows)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise InvalidSnapshot(
                f"This is no snapshot that can be restored: {error}.", hint="Export the model again."
            ) from error
        self._engine = engine
