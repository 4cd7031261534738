"""Cluster a stream in one pass: each row is looked at once, and what is kept does not grow with it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import InvalidData, InvalidParameter, Limits, Number, OneOf, Whole, refuse_beyond
from shoal.clustering.online.live_clusterer import Labels, LiveClusterer
from shoal.clustering.online.scaling import SCALINGS
from shoal.clustering.online.snapshots import Snapshot
from shoal.clustering.streaming.original import Rule
from shoal.clustering.streaming.passes import Found, Knobs, Pass, new_pass

MOST = {"robust": 64, "original": 4096}


class StreamingClusterer(LiveClusterer):
    """Cluster a stream in one pass; the number of clusters is found.

    `method="robust"` sums rows up in at most `micros` micro-clusters (or twice `max_k`, if that is more) and
    makes clusters of these when it is asked for them: at most `max_k` and at least one, whatever the order of
    rows. Micro-clusters that stand alone with less than `confirmed` rows are noise (-1) until others join
    them. `method="original"` follows the rule of `streaming.original`, which has neither. Each row counts as
    one iteration.

    Parameters: `method`; `max_k` (None: 64, or 4096 for the original, whose nearest two centres are merged
    beyond it); `half_life`: rows after which a row counts half (None: never); `micros`; `confirmed`; `amp`
    above 1 asks for more detail, `b` below 1 for more clusters; `scale`: divide columns by their spread,
    "none", "std" or "robust"; all these for the robust method. `mu`, `sigma`, `out_ratio`, `out_after`: the
    original's rule. `frame_size`: rows kept to be labelled (0: all); `random_state`: of its draws.

    Attributes: `cluster_centers_` (k, d), `counts_` (mass of each cluster), `labels_` of the frame,
    `n_iter_`, `settled_` (every row has been looked at), `frame_`, `n_rows_seen_`, `metrics_`.

    >>> rows = [[0.0], [10.0], [1.0], [9.0], [30.0], [31.0], [100.0]]
    >>> model = StreamingClusterer(method="original", sigma=0).fit(rows)
    >>> model.cluster_centers_.ravel().tolist(), model.counts_.tolist()
    ([0.5, 9.5, 30.5, 100.0], [2.0, 2.0, 2.0, 1.0])
    """

    _limits: ClassVar[Limits] = {
        "method": (OneOf(("robust", "original")),),
        "max_k": (Whole(1), OneOf((None,))),
        "half_life": (Number(1e-3), OneOf((None,))),
        "micros": (Whole(8),),
        "confirmed": (Number(0),),
        "amp": (Number(1e-12),),
        "b": (Number(1e-12),),
        "scale": (OneOf(SCALINGS),),
        "mu": (Number(0),),
        "sigma": (Number(0),),
        "out_ratio": (Number(0),),
        "out_after": (Whole(2),),
        "frame_size": (Whole(0),),
    }
    max_iter = 1
    _tuned: tuple[tuple[Any, ...], Knobs] | None = None

    def __init__(
        self,
        *,
        method: str = "robust",
        max_k: int | None = None,
        half_life: float | None = None,
        micros: int = 128,
        confirmed: float = 2.0,
        amp: float = 1.0,
        b: float = 1.0,
        scale: str = "none",
        mu: float = 0.5,
        sigma: float = 0.1,
        out_ratio: float = 2.0,
        out_after: int = 5,
        frame_size: int = 10_000,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.method = method
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

    def _frame_size(self) -> int:
        """Keep every row until it has been looked at."""
        return 0

    def _forget(self) -> None:
        frame = self._frame_of()
        self._looked = frame.seen - len(frame)
        self._pass: Pass = new_pass(self.method, int(self.n_features_in_))

    def _knobs(self) -> Knobs:
        """Return the parameters for the passes, looked at again only when one has changed."""
        wish = tuple(getattr(self, name) for name in self._limits)
        if self._tuned is None or self._tuned[0] != wish:
            refuse_beyond(self._limits, self)
            if self.scale != "none" and self.method == "original":
                raise InvalidParameter(
                    "The original method does not scale columns.", hint="Use scale='none'."
                )
            self._tuned = wish, self._made_knobs()
        return self._tuned[1]

    def _made_knobs(self) -> Knobs:
        return Knobs(
            most=int(self.max_k or MOST[self.method]),
            half_life=self.half_life,
            micros=max(int(self.micros), 2 * int(self.max_k or 0)),
            confirmed=self.confirmed,
            amp=self.amp,
            b=self.b,
            scale=self.scale,
            rule=Rule(float(self.mu), float(self.sigma), float(self.out_ratio), int(self.out_after)),
        )

    def iterate(self) -> bool:
        """Look at the rows that wait; return whether there were any."""
        knobs = self._knobs()
        frame = self._frame
        if frame is None:
            return False
        if self._pass.method != self.method:
            self._forget()
        waiting = frame.seen - self._looked
        first = len(frame) - waiting
        self._pass.take(frame.rows[first:], frame.weights[first:], knobs, self._random)
        self.n_iter_ += waiting
        self._looked = frame.seen
        frame.resize(self.frame_size)
        frame.resize(0)
        return waiting > 0

    @property
    def settled_(self) -> bool:
        """Say whether no row waits to be looked at."""
        return self._frame is not None and self._looked == self._frame.seen

    def _found(self) -> Found:
        frame = self._frame_of()
        return self._pass.found(frame.rows, frame.weights, self._knobs())

    @property
    def cluster_centers_(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units; k is 0 before the first iteration."""
        return self._found().centres

    @property
    def counts_(self) -> Doubles:
        """Return the mass (k,) of each cluster: sums of weights, less what is forgotten."""
        return self._found().counts

    @property
    def metrics_(self) -> dict[str, float]:
        """Return figures: `micros`, `width`, `inertia`; of the original `max_distance` instead."""
        self._frame_of()
        return {"clusters": float(self.n_clusters_)} | self._found().figures

    def _nearest(self, rows: Doubles) -> Labels:
        found = self._found()
        if not len(found.centres) or not len(rows):
            return np.full(len(rows), -1, np.int32)
        return found.labels_of(rows)

    def merge(self, other: Self) -> Self:
        """Take over what another clusterer of the same method has found in another part of the stream."""
        if type(other) is not type(self) or other.method != self.method:
            raise InvalidData("Only clusterers of the same method can be merged.")
        if other._frame is None:
            return self
        theirs = other._frame
        if self._frame is None:
            self.n_features_in_ = other.n_features_in_
            self._open()
        if self.n_features_in_ != other.n_features_in_:
            raise InvalidData("Clusterers of rows of unlike width cannot be merged.")
        self.iterate(), other.iterate()
        self._pass.take_in(other._pass, self._knobs())
        frame = self._frame_of()
        seen = frame.seen + theirs.seen
        frame.append(theirs.rows, theirs.weights)
        frame.seen = self._looked = seen
        self.n_iter_ += other.n_iter_
        return self

    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"looked": self._looked, "method": self._pass.method}, self._pass.arrays()

    def _recall(self, snapshot: Snapshot) -> None:
        self._looked = snapshot.fact("looked", int)
        method = snapshot.fact("method", str)
        self._pass = new_pass(method, int(self.n_features_in_))
        self._pass.recall(snapshot, self._knobs())
        self._frame_of().resize(0)
