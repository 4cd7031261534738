"""What the clusterers of series share: taking them in, labels, snapshots.

They offer what the clusterers of rows offer (`online.live_clusterer`), for lists of series (length, d)
instead of tables: `n_features_in_` is d, and `cluster_centers_` a list of series.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.exceptions import NotFittedError

from shoal.clustering.limits import InvalidData, Limits, OneOf, Whole, refuse_beyond
from shoal.clustering.online.generator import generator, resumed, state_of
from shoal.clustering.online.snapshots import Snapshot, read, written
from shoal.clustering.rows import checked_weights
from shoal.clustering.spaces.elements import as_arrays, from_arrays
from shoal.clustering.spaces.series import Series
from shoal.clustering.spaces.space import Doubles
from shoal.clustering.spaces.warping import Inner

Labels = NDArray[np.int32]
Many = list[Doubles]

SHARED: Limits = {
    "inner_space": (OneOf(("euclid", "cosinus")),),
    "window": (Whole(0),),
    "frame_size": (Whole(0),),
    "scale": (OneOf(("none",)),),
}


class SeriesClusterer(ClusterMixin, BaseEstimator):
    """Take series in as they come and look at them again at each `iterate()`."""

    _limits: ClassVar[Limits] = SHARED
    _keeps_waiting: ClassVar[bool] = False
    _version: ClassVar[int] = 1
    max_iter: int = 1
    frame_size: int
    inner_space: Inner
    window: int
    random_state: int | RandomState | None

    _rows: Many | None = None
    _weights: Doubles
    _random: RandomState
    n_rows_seen_: int

    @abstractmethod
    def iterate(self) -> bool:
        """Do one iteration; return whether it counts."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget the centres and counters."""

    @property
    @abstractmethod
    def cluster_centers_(self) -> Many:
        """Return the centres, series (length, d)."""

    @property
    @abstractmethod
    def settled_(self) -> bool:
        """Say whether another iteration on the same series would change nothing."""

    @abstractmethod
    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what is needed to go on."""

    @abstractmethod
    def _recall(self, snapshot: Snapshot) -> None:
        """Take it back."""

    @property
    def _space(self) -> Series:
        return Series(self.inner_space, int(self.window))

    def _most_iterations(self) -> int:
        """Return how many iterations `fit` does at most."""
        return self.max_iter

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Forget everything, take series in and iterate until they settle; `y` is ignored."""
        self._rows = None
        self.absorb(X, sample_weight)
        for _ in range(self._most_iterations()):
            self.iterate()
            if self.settled_:
                break
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Take series in and do one iteration."""
        self.absorb(X, sample_weight)
        self.iterate()
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Labels:
        """Cluster series and return their labels (n,)."""
        return self.fit(X, sample_weight=sample_weight).predict(X)

    def absorb(self, X: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Take series into the frame, without an iteration: all of them, or none and `InvalidData`."""
        refuse_beyond(self._limits, self)
        rows = self._checked(X)
        weights = checked_weights(sample_weight, len(rows))
        if self._rows is None and rows:
            self.n_features_in_ = rows[0].shape[1]
            self._begin(rows, weights if weights.size else np.ones(len(rows)))
        elif self._rows is not None:
            self._rows = self._rows + rows
            self._weights = np.append(self._weights, weights if weights.size else np.ones(len(rows)))
            self.n_rows_seen_ += len(rows)
        if not self._keeps_waiting:
            self._trim()
        return self

    def _checked(self, X: Any) -> Many:
        rows = list(self._space.checked(X))
        if rows and self._rows is not None and rows[0].shape[1] != self.n_features_in_:
            raise InvalidData(
                f"Series 0 has vectors of {rows[0].shape[1]} numbers, those before of {self.n_features_in_}.",
                row=0,
            )
        return rows

    def _begin(self, rows: Many, weights: Doubles) -> None:
        self._rows, self._weights, self.n_rows_seen_ = rows, weights, len(rows)
        self.reset()

    def _trim(self) -> None:
        """Let old series leave a full frame."""
        if self._rows is not None and self.frame_size and len(self._rows) > self.frame_size:
            self._rows = self._rows[-self.frame_size :]
            self._weights = self._weights[-self.frame_size :]

    def reset(self) -> Self:
        """Forget centres and counters, and keep the series of the frame."""
        if self._rows is not None:
            self._random = generator(self.random_state)
            self.n_iter_ = 0
            self._forget()
        return self

    @property
    def frame_(self) -> Many:
        """Return the series of the frame in the order of their arrival."""
        if self._rows is None:
            raise NotFittedError(f"This {type(self).__name__} has had no series yet.")
        return self._rows

    def __sklearn_is_fitted__(self) -> bool:
        return self._rows is not None

    @property
    def n_clusters_(self) -> int:
        """Return how many clusters there are."""
        return len(self.cluster_centers_)

    @property
    def labels_(self) -> Labels:
        """Return the cluster (n,) of each series of the frame."""
        return self._nearest(self.frame_)[0]

    @property
    def counts_(self) -> Doubles:
        """Return the mass (k,) of each cluster: sums of weights of the frame's series."""
        labels = self.labels_
        counts = np.bincount(labels[labels >= 0], self._weights[labels >= 0], self.n_clusters_)
        return counts.astype(np.float64)

    @property
    def metrics_(self) -> dict[str, float]:
        """Return `inertia`: the weighted sum of squared distances of the frame's series to their centres."""
        labels, gaps = self._nearest(self.frame_)
        kept = labels >= 0
        return {"inertia": float(self._weights[kept] @ gaps[kept] ** 2)}

    def predict(self, X: Any) -> Labels:
        """Return the nearest centre (n,) of each series, -1 while there is none."""
        if self._rows is None:
            raise NotFittedError(f"This {type(self).__name__} has had no series yet.")
        return self._nearest(self._checked(X))[0]

    def _nearest(self, rows: Many) -> tuple[Labels, Doubles]:
        """Return the cluster (n,) of each series, and the distance to its centre."""
        centres = self.cluster_centers_
        if not centres or not rows:
            return np.full(len(rows), -1, np.int32), np.full(len(rows), np.inf)
        return self._space.nearest(rows, centres)

    def snapshot(self, *, frame: bool = True) -> bytes:
        """Return everything needed to go on, as an NPZ file; without its series if not `frame`."""
        rows = self.frame_
        facts, arrays = self._remembered()
        params = {
            name: value if isinstance(value, int | float | str | None) else None
            for name, value in self.get_params(deep=False).items()
        }
        facts |= {"params": params, "columns": self.n_features_in_, "random": state_of(self._random)}
        facts |= {"iterations": self.n_iter_, "seen": self.n_rows_seen_}
        if frame:
            arrays |= as_arrays("rows", rows) | {"weights": self._weights}
        return written(type(self).__name__, self._version, facts, arrays)

    @classmethod
    def restore(cls, data: bytes, frame: Any = None) -> Self:
        """Return a model that goes on from a snapshot as if it had never stopped, to the last bit.

        `frame` gives the series of a snapshot without them, each of weight 1. Raises `InvalidSnapshot`.
        """
        snapshot = read(data, cls.__name__, cls._version)
        known = cls._get_param_names()
        model = cls(**{name: v for name, v in snapshot.fact("params", dict).items() if name in known})
        refuse_beyond(cls._limits, model)
        model.n_features_in_ = snapshot.fact("columns", int)
        rows = from_arrays("rows", snapshot.arrays) if frame is None else list(frame)
        model._rows = list(rows)
        model._weights = snapshot.array("weights", np.float64, None) if frame is None else np.ones(len(rows))
        model._random = resumed(snapshot.fact("random", dict))
        model.n_iter_, model.n_rows_seen_ = snapshot.fact("iterations", int), snapshot.fact("seen", int)
        model._recall(snapshot)
        return model
