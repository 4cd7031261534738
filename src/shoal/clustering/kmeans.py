"""K-Means: find k centres such that the squared distances of rows to the nearest of them sum to little."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from shoal.clustering.kernels.packing import Doubles, Floats, centring_offset, pack
from shoal.clustering.kernels.team import granted_cpus
from shoal.clustering.limits import (
    Function,
    InvalidData,
    InvalidParameter,
    Limits,
    Number,
    OneOf,
    Table,
    Whole,
    refuse_beyond,
)
from shoal.clustering.lloyd.iterating import Outcome, lloyd, nearest_centres
from shoal.clustering.lloyd.moments import column_variances
from shoal.clustering.lloyd.plusplus import Seeding
from shoal.clustering.lloyd.state import Data
from shoal.clustering.rows import checked_rows, checked_weights

Labels = NDArray[np.int32]
Init = str | ArrayLike | Callable[..., ArrayLike]


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """Cluster rows by Lloyd's algorithm, several times faster than scikit-learn's and with its interface.

    Clusters are numbered by descending size (sum of weights), equal ones by centre. float32 rows are compared
    in float32 and summed in float64; anything else is done in float64. Results are the same bits for any
    `n_jobs`, and the same clustering for any order of the rows.

    Parameters: `n_clusters` (1 to n); `init`: "k-means++", "random", starting centres (k, d), or a function
    of (X, k, random_state=) that returns them; `n_init`: restarts, of which the one with the least inertia is
    kept ("auto": 1, but 10 for "random" and functions); `max_iter`; `tol`: stop when the squared moves of the
    centres sum to no more than this times the mean variance of the columns; `random_state`; `n_jobs`: threads
    inside one fit (None: 1; -1: every CPU granted).

    Attributes: `cluster_centers_` (k, d) of the rows' type, `labels_` (n,) int32, `inertia_` (sum of weighted
    squared distances, in the squared unit of the rows), `n_iter_`, `n_features_in_`.

    Raises `InvalidParameter` and `InvalidData` (both are ValueErrors) at `fit`.

    >>> KMeans(2, random_state=0).fit([[0.0], [0.2], [9.0], [9.1], [9.2]]).labels_
    array([1, 1, 0, 0, 0], dtype=int32)
    """

    _limits: ClassVar[Limits] = {
        "n_clusters": (Whole(1),),
        "init": (OneOf(("k-means++", "random")), Function(), Table()),
        "n_init": (Whole(1), OneOf(("auto",))),
        "max_iter": (Whole(1),),
        "tol": (Number(0),),
        "n_jobs": (Whole(1), OneOf((None, -1))),
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Init = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        random_state: int | RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Cluster the rows (n, d), each as often as its weight says; `y` is ignored."""
        refuse_beyond(self._limits, self)
        rows = checked_rows(self, X, reset=True)
        if rows.shape[0] < self.n_clusters:
            raise InvalidData(
                f"n_samples={rows.shape[0]} is fewer than n_clusters={self.n_clusters}.",
                hint="Ask for fewer clusters, or give more rows.",
            )
        weights = checked_weights(sample_weight, rows.shape[0])
        data = Data.of(pack(rows, centring_offset(rows)), weights)
        self._keep(self._best(data), rows.dtype)
        return self

    def _best(self, data: Data) -> Outcome:
        """Return the restart with the least inertia, the first of equals."""
        tol = float(self.tol and self.tol * column_variances(data.packed, data.weights).mean())
        threads = granted_cpus() if self.n_jobs == -1 else self.n_jobs or 1
        best: Outcome | None = None
        for start in self._starts(data):
            outcome = lloyd(data, start, max_iter=self.max_iter, tol=tol, threads=threads)
            if best is None or outcome.inertia < best.inertia:
                best = outcome
        if best is None:
            raise InvalidParameter("There is no start to cluster from.")
        return best

    def _starts(self, data: Data) -> list[Doubles]:
        """Return the starting centres (k, d) of every restart."""
        random = check_random_state(self.random_state)
        rows, k = data.packed.rows, int(self.n_clusters)
        if isinstance(self.init, str):
            seeding = Seeding(data.packed, data.weights)
            draw = seeding.plus_plus if self.init == "k-means++" else seeding.random
            return [rows[draw(k, random)].astype(np.float64) for _ in range(self._restarts())]
        if callable(self.init):
            make = self.init
            return [self._as_start(make(rows, k, random_state=random), rows) for _ in range(self._restarts())]
        return [self._as_start(self.init, rows)]

    def _restarts(self) -> int:
        if self.n_init == "auto":
            return 1 if isinstance(self.init, str) and self.init == "k-means++" else 10
        return int(self.n_init)

    def _as_start(self, centres: ArrayLike, rows: Floats) -> Doubles:
        start: Doubles = np.array(centres, dtype=rows.dtype).astype(np.float64)
        if start.shape != (self.n_clusters, rows.shape[1]):
            raise InvalidParameter(
                f"The starting centres have shape {start.shape}.",
                hint=f"It must be {(self.n_clusters, rows.shape[1])}: n_clusters by columns.",
            )
        if not np.isfinite(start).all():
            raise InvalidParameter("The starting centres hold values that are not finite.")
        return start

    def _keep(self, outcome: Outcome, dtype: np.dtype[Any]) -> None:
        found = int(np.count_nonzero(outcome.masses))
        if found < self.n_clusters:
            warnings.warn(
                f"Only {found} of {self.n_clusters} clusters have rows; rows may be duplicates.",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.cluster_centers_ = outcome.centres.astype(dtype)
        self.labels_: Labels = outcome.labels
        self.inertia_ = outcome.inertia
        self.n_iter_ = outcome.iterations
        self._n_features_out = self.cluster_centers_.shape[0]

    def predict(self, X: ArrayLike) -> Labels:
        """Return the number (n,) of the nearest centre of each row."""
        check_is_fitted(self)
        return nearest_centres(*self._like_centres(X))[0]

    def _like_centres(self, X: ArrayLike) -> tuple[Floats, Doubles]:
        rows = checked_rows(self, X, reset=False)
        return rows, self.cluster_centers_.astype(np.float64)

    def fit_predict(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Labels:
        """Cluster the rows and return their labels (n,)."""
        return self.fit(X, sample_weight=sample_weight).labels_

    def transform(self, X: ArrayLike) -> Floats:
        """Return the distance (n, k) of each row to each centre."""
        from scipy.spatial.distance import cdist

        check_is_fitted(self)
        rows = checked_rows(self, X, reset=False)
        # By differences: the faster form by products has no digits left where a row lies on a centre.
        distances: Floats = cdist(rows, self.cluster_centers_).astype(rows.dtype)
        return distances

    def fit_transform(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Floats:
        """Cluster the rows and return the distance (n, k) of each to each centre."""
        return self.fit(X, sample_weight=sample_weight).transform(X)

    def score(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Return the negative weighted sum of squared distances of rows to their nearest centres."""
        check_is_fitted(self)
        rows, centres = self._like_centres(X)
        weights = checked_weights(sample_weight, rows.shape[0])
        return -nearest_centres(rows, centres, weights)[1].inertia()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
