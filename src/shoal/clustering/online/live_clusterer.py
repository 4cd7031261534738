"""What all clusterers of arriving rows share: taking rows in, fitting, labels, snapshots."""

from __future__ import annotations

from abc import abstractmethod
from operator import is_
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.exceptions import NotFittedError

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import InvalidData, Limits, refuse_beyond
from shoal.clustering.lloyd.iterating import nearest_centres
from shoal.clustering.online.frame import Frame
from shoal.clustering.online.generator import generator, resumed, state_of
from shoal.clustering.online.snapshots import Snapshot, read, refused, written
from shoal.clustering.rows import checked_rows, checked_weights

Labels = NDArray[np.int32]
DOUBLE = np.dtype(np.float64)


class LiveClusterer(ClusterMixin, BaseEstimator):
    """Take rows in as they come and look at them again at each `iterate()`.

    A subclass says how: `iterate`, `settled_`, `cluster_centers_`, `counts_`, `metrics_`, and what is to be
    remembered. Plain float64 arrays are taken in without scikit-learn's slow checks, but not unchecked.
    """

    _limits: ClassVar[Limits] = {}
    _version: ClassVar[int] = 1
    # How many rows are appended to the frame before the algorithm may look.
    _most_at_once: ClassVar[int] = 1 << 40
    max_iter: int
    random_state: int | RandomState | None
    n_features_in_: int

    _frame: Frame | None = None
    _random: RandomState
    _plain_width = -1
    # The number of rows at which the algorithm looks at them of its own accord.
    _due: float = np.inf
    _fitted_labels: Labels | None = None
    _good: tuple[Any, ...] = ()
    n_iter_: int

    @property
    @abstractmethod
    def cluster_centers_(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units."""

    @property
    @abstractmethod
    def counts_(self) -> Doubles:
        """Return how much (k,) each cluster holds: sums of weights."""

    @property
    @abstractmethod
    def metrics_(self) -> dict[str, float]:
        """Return the algorithm's figures by name."""

    @property
    @abstractmethod
    def settled_(self) -> bool:
        """Say whether another iteration on the same rows would change nothing."""

    @abstractmethod
    def iterate(self) -> bool:
        """Do one iteration; return whether there are centres."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget the centres and counters."""

    @abstractmethod
    def _join(self, other: Any) -> None:
        """Take in the rows and centres of another model of this kind, which has had rows."""

    @abstractmethod
    def _remembered(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the facts and arrays that the algorithm needs to go on."""

    @abstractmethod
    def _recall(self, snapshot: Snapshot) -> None:
        """Take facts and arrays back."""

    def _frame_size(self) -> int:
        """Return how many rows are to be kept; 0 for all."""
        return int(getattr(self, "frame_size", 0))

    def _most_iterations(self) -> int:
        """Return how many iterations `fit` does at most."""
        return self.max_iter

    def _distances_in(self) -> Doubles:
        """Return by what (d,) columns are divided for comparing; empty for nothing."""
        return np.empty(0)

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Forget everything, take rows (n, d) in and iterate until they settle; `y` is ignored."""
        self._refuse_wrong()
        rows = checked_rows(self, X, reset=True).astype(np.float64, copy=False)
        weights = checked_weights(sample_weight, len(rows))
        self._open()
        self._append(rows, weights)
        for _ in range(self._most_iterations()):
            self.iterate()
            if self.settled_:
                break
        if len(rows) > len(self.frame_):
            self._fitted_labels = self._nearest(rows)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Take rows (n, d) in and do one iteration."""
        self.absorb(X, sample_weight)
        self.iterate()
        return self

    def fit_predict(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Labels:
        """Cluster the rows (n, d) and return their labels (n,)."""
        return self.fit(X, sample_weight=sample_weight).labels_

    def absorb(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Take rows (n, d) into the frame, without an iteration: all of them, or none and `InvalidData`."""
        if sample_weight is not None or not self._taken(X):
            self._absorb_checked(X, sample_weight)
        return self

    def _taken(self, X: ArrayLike) -> bool:
        """Take a plain table of rows in, if it is one that can be used."""
        frame = self._frame
        if (
            type(X) is not np.ndarray
            or X.dtype is not DOUBLE
            or X.ndim != 2
            or X.shape[1] != self._plain_width
            or not 0 < len(X) <= self._most_at_once
            or not X.flags.carray
            or frame is None
            or not frame.take(X)
        ):
            return False
        self._fitted_labels = None
        if frame.seen >= self._due:
            self._look()
        return True

    def _absorb_checked(self, X: ArrayLike, sample_weight: ArrayLike | None) -> None:
        first = self._frame is None
        if first:
            self._refuse_wrong()
        rows = checked_rows(self, X, reset=first).astype(np.float64, copy=False)
        weights = checked_weights(sample_weight, len(rows))
        if first:
            self._open()
        self._append(rows, weights)
        self._fitted_labels = None

    def _append(self, rows: Doubles, weights: Doubles) -> None:
        frame = self._frame_of()
        for first in range(0, len(rows), self._most_at_once):
            end = first + self._most_at_once
            frame.append(rows[first:end], weights[first:end])
            if frame.seen >= self._due:
                self._look()

    def _look(self) -> None:
        """Do what is due by the number of rows that came; most algorithms wait for an iteration."""

    def _refuse_wrong(self) -> None:
        """Raise `InvalidParameter` for a wrong parameter; what was right already is not looked at again."""
        values = tuple(getattr(self, name) for name in self._limits)
        if len(values) != len(self._good) or not all(map(is_, values, self._good)):
            refuse_beyond(self._limits, self)
            self._good = values

    def _open(self) -> None:
        """Begin with an empty frame."""
        self._frame = Frame(self._frame_size(), int(self.n_features_in_))
        self._plain_width = -1 if hasattr(self, "feature_names_in_") else int(self.n_features_in_)
        self._fitted_labels = None
        self._begin()

    def _begin(self) -> None:
        self._random = generator(self.random_state)
        self.n_iter_ = 0
        self._forget()

    def reset(self) -> Self:
        """Forget centres and counters, and keep the rows of the frame."""
        if self._frame is not None:
            self._fitted_labels = None
            self._begin()
        return self

    def merge(self, other: Self) -> Self:
        """Take in what another model has learned from rows of its own, and its frame; it stays as it is."""
        if type(other) is not type(self):
            raise InvalidData(f"A {type(other).__name__} cannot be merged into a {type(self).__name__}.")
        if other._frame is None:
            return self
        if self._frame is None:
            self.n_features_in_ = other.n_features_in_
            self._open()
        if self.n_features_in_ != other.n_features_in_:
            raise InvalidData(f"{other.n_features_in_} columns cannot be merged into {self.n_features_in_}.")
        self._fitted_labels = None
        self._join(other)
        return self

    def _frame_of(self) -> Frame:
        if self._frame is None:
            raise NotFittedError(f"This {type(self).__name__} has had no rows yet.")
        return self._frame

    def __sklearn_is_fitted__(self) -> bool:
        return self._frame is not None

    @property
    def frame_(self) -> Doubles:
        """Return the rows (n, d) of the frame in the order of their arrival; valid until more come."""
        return self._frame_of().rows

    @property
    def n_rows_seen_(self) -> int:
        """Return how many rows ever came."""
        return self._frame_of().seen

    @property
    def n_clusters_(self) -> int:
        """Return how many clusters there are."""
        return len(self.cluster_centers_)

    @property
    def labels_(self) -> Labels:
        """Return the cluster (n,) of each row of the frame; after `fit` of each row that was fitted."""
        if self._fitted_labels is not None:
            return self._fitted_labels
        return self._frame_labels()

    def _frame_labels(self) -> Labels:
        return self._nearest(self.frame_)

    def predict(self, X: ArrayLike) -> Labels:
        """Return the nearest centre (n,) of each row, -1 while there is none."""
        self._frame_of()
        return self._nearest(checked_rows(self, X, reset=False).astype(np.float64, copy=False))

    def _nearest(self, rows: Doubles) -> Labels:
        centres, spread = self.cluster_centers_, self._distances_in()
        if not len(centres) or not len(rows):
            return np.full(len(rows), -1, np.int32)
        if spread.size:
            rows, centres = rows / spread, centres / spread
        return nearest_centres(rows, centres)[0]

    def snapshot(self, *, frame: bool = True) -> bytes:
        """Return everything needed to go on, as an NPZ file; without its rows if not `frame`."""
        kept = self._frame_of()
        facts, arrays = self._remembered()
        facts |= {
            "params": _told(self.get_params(deep=False)),
            "columns": int(self.n_features_in_),
            "names": list(getattr(self, "feature_names_in_", [])),
            "random": state_of(self._random),
            "iterations": self.n_iter_,
            "seen": kept.seen,
            "size": kept.size,
        }
        rows = {"rows": kept.rows, "weights": kept.weights} if frame else {}
        return written(type(self).__name__, self._version, facts, arrays | rows)

    @classmethod
    def restore(cls, data: bytes, frame: Frame | None = None) -> Self:
        """Return a model that goes on from a snapshot as if it had never stopped, to the last bit.

        `frame` gives the rows of a snapshot without them. Raises `InvalidSnapshot`; nothing is executed.
        """
        snapshot = read(data, cls.__name__, cls._version)
        known = cls._get_param_names()
        model = cls(**{name: v for name, v in snapshot.fact("params", dict).items() if name in known})
        refuse_beyond(cls._limits, model)
        model._reopen(snapshot, frame)
        model._recall(snapshot)
        return model

    def _reopen(self, snapshot: Snapshot, frame: Frame | None) -> None:
        self.n_features_in_ = snapshot.fact("columns", int)
        if names := snapshot.fact("names", list):
            self.feature_names_in_ = np.array(names, dtype=object)
        self._plain_width = -1 if names else self.n_features_in_
        self._frame = frame or _frame_in(snapshot, self.n_features_in_)
        self._random = _generator_in(snapshot)
        self.n_iter_ = snapshot.fact("iterations", int)


def _generator_in(snapshot: Snapshot) -> RandomState:
    try:
        return resumed(snapshot.fact("random", dict))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise refused(f"it has no generator's state ({error})") from error


def _frame_in(snapshot: Snapshot, columns: int) -> Frame:
    if "rows" not in snapshot.arrays:
        raise InvalidData("This snapshot has no rows.", hint="Give the frame that they are in.")
    rows = snapshot.array("rows", DOUBLE, None, columns)
    weights = snapshot.array("weights", DOUBLE, None)
    size, seen = snapshot.fact("size", int), snapshot.fact("seen", int)
    if len(weights) not in (0, len(rows)) or seen < len(rows) or size < 0:
        raise refused("its rows, weights and counts do not agree")
    return Frame.of(np.ascontiguousarray(rows), weights, size=size, seen=seen)


def _told(params: dict[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON has them; a generator is left out, for its state is told elsewhere."""
    told = {name: v.tolist() if isinstance(v, np.ndarray | np.generic) else v for name, v in params.items()}
    return {name: None if isinstance(value, RandomState) else value for name, value in told.items()}
