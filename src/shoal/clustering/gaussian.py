"""Hard Gaussian clustering: K-Means whose clusters may have their own size, width and slant."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, softmax
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from shoal.clustering.gaussians.components import Components, Members
from shoal.clustering.gaussians.fitting import Fit, fit_mode, score_rows
from shoal.clustering.gaussians.prepared import REG_COVAR, prepare
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import InvalidData, Limits, Number, OneOf, Whole, refuse_beyond
from shoal.clustering.modes import Mode, mode_of
from shoal.clustering.rows import checked_rows, checked_weights
from shoal.clustering.scores import Scores

Labels = NDArray[np.int32]


class FittedGaussians(ClusterMixin, BaseEstimator):
    """Answer questions about rows by Gaussian clusters that a subclass has found."""

    _parts: Components
    _mode: Mode
    _by_distance: bool
    _scoring: Any

    def _rows(self, X: ArrayLike) -> Doubles:
        check_is_fitted(self)
        return checked_rows(self, X, reset=False).astype(np.float64, copy=False)

    def predict(self, X: ArrayLike) -> Labels:
        """Return the cluster (n,) of each row: the one of greatest weight x density.

        After "distance" it is the one at the least Mahalanobis distance.
        """
        return self._label(self._rows(X))

    def _label(self, rows: Doubles) -> Labels:
        if self._by_distance:
            nearest = self._parts.squared_distances(rows).argmin(axis=1)
        else:
            nearest = self._parts.log_joint(rows).argmax(axis=1)
        return np.asarray(nearest, dtype=np.int32)

    def predict_proba(self, X: ArrayLike) -> Doubles:
        """Return each cluster's share (n, k) in the density at each row; rows sum to 1."""
        return np.asarray(softmax(self._parts_of(X), axis=1))

    def score_samples(self, X: ArrayLike) -> Doubles:
        """Return the log-density (n,) of the mixture of all clusters at each row."""
        return np.asarray(logsumexp(self._parts_of(X), axis=1))

    def _parts_of(self, X: ArrayLike) -> Doubles:
        rows = self._rows(X)
        return self._parts.log_joint(rows)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return the mean log-density of the rows under the mixture; higher is better."""
        return float(self.score_samples(X).mean())

    def bic(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the Bayesian information criterion in scikit-learn's sign: lower is better.

        It is -2 times a study's: of the classification likelihood, each row in the cluster it is given.
        """
        return -2 * self._scores(X, sample_weight).bic

    def aic(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return Akaike's criterion in scikit-learn's sign: lower is better, -2 times a study's."""
        return -2 * self._scores(X, sample_weight).aic

    def icl(self, X: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the integrated completed likelihood in a study's sign: higher is better.

        It is the mixture's BIC less the entropy of `predict_proba` (Biernacki, Celeux and Govaert 2000).
        """
        return self._scores(X, sample_weight).icl

    def _scores(self, X: ArrayLike, sample_weight: ArrayLike | None) -> Scores:
        rows = self._rows(X)
        weights = checked_weights(sample_weight, len(rows))
        prepared = prepare(rows, weights if weights.size else None)
        labels = self._label(rows)
        members = Members.of(prepared, labels, len(self._parts.weights))
        return score_rows(prepared, self._mode, labels, members, self._parts, self._scoring)

    def _keep(self, fit: Fit, assignment: str, scoring: str) -> None:
        self._parts, self._mode = fit.parts, fit.mode
        self._by_distance, self._scoring = assignment == "distance", scoring
        self.labels_ = fit.labels
        self.cluster_centers_ = fit.means


class GaussianKMeans(FittedGaussians):
    """Cluster rows by Gaussians: each row belongs to the cluster of greatest weight times density.

    With `assignment="likelihood"` the classification likelihood is made as large as possible (classification
    EM, Celeux and Govaert 1992): it never falls from pass to pass. Clusters are numbered by descending size,
    equal ones by centre. The result does not depend on the order of the rows, nor on whether a row is
    repeated or weighted, beyond rounding.

    Parameters: `n_clusters`; `covariance_type` "full", "diag" or "spherical", `tied` for one covariance
    shared by all clusters; `n_init` restarts, each from a greedy k-means++ start; `max_iter` passes in one of
    them; `tol`, the gain in mean log-likelihood at which a restart ends (None: when no row changes);
    `reg_covar`, the least variance of a cluster in any direction as a share of the columns' own: covariances
    above it are not touched; `random_state`; `min_members`: a restart in which every cluster has as many rows
    beats one in which not (None: as many as a covariance needs to be measured); `assignment`: "distance" is
    an older service's algorithm, by Mahalanobis distance alone, with an unweighted tied covariance, and a
    `tol` that bounds the centres' squared moves; `scoring`: "legacy" makes `bic` and `aic` add distances
    without squaring them, as that service did.

    Attributes: `labels_` (n,) int32; `means_`, also `cluster_centers_` (k, d); `covariances_`: full (k, d,
    d), diag (k, d), spherical (k,), and for tied (d, d), (d,), (); `weights_` (k,) shares and `sizes_` (k,)
    sums of sample weights; `log_likelihood_` of the classification; `n_iter_`, `converged_`,
    `n_features_in_`. Where rows cannot fill `n_clusters`, arrays hold only the clusters that have rows, and a
    ConvergenceWarning says so.

    Raises `InvalidParameter` and `InvalidData` (both are ValueErrors) at `fit`.

    >>> wide_and_narrow = [[-9.0], [-3.0], [3.0], [9.0], [20.0], [20.1], [20.2], [20.3]]
    >>> GaussianKMeans(2, random_state=0).fit(wide_and_narrow).labels_
    array([0, 0, 0, 0, 1, 1, 1, 1], dtype=int32)
    """

    _limits: ClassVar[Limits] = {
        "n_clusters": (Whole(1),),
        "covariance_type": (OneOf(("full", "diag", "spherical")),),
        "tied": (OneOf((False, True)),),
        "n_init": (Whole(1),),
        "max_iter": (Whole(1),),
        "tol": (Number(0), OneOf((None,))),
        "reg_covar": (Number(0),),
        "min_members": (Number(0), OneOf((None,))),
        "assignment": (OneOf(("likelihood", "distance")),),
        "scoring": (OneOf(("correct", "legacy")),),
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        covariance_type: str = "full",
        tied: bool = False,
        n_init: int = 10,
        max_iter: int = 300,
        tol: float | None = None,
        reg_covar: float = REG_COVAR,
        random_state: int | RandomState | None = None,
        min_members: float | None = None,
        assignment: str = "likelihood",
        scoring: str = "correct",
    ) -> None:
        self.n_clusters = n_clusters
        self.covariance_type = covariance_type
        self.tied = tied
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.reg_covar = reg_covar
        self.random_state = random_state
        self.min_members = min_members
        self.assignment = assignment
        self.scoring = scoring

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Cluster the rows (n, d), each as often as its weight says; `y` is ignored."""
        refuse_beyond(self._limits, self)
        rows = checked_rows(self, X, reset=True)
        refuse_fewer(len(rows), self.n_clusters)
        weights = checked_weights(sample_weight, len(rows))
        fit = self._fit(rows.astype(np.float64, copy=False), weights if weights.size else None)
        self.adopt(fit)
        self._warn(fit)
        return self

    def adopt(self, fit: Fit) -> Self:
        """Become the estimator that found a fit of this one's parameters."""
        self._keep(fit, self.assignment, self.scoring)
        self.means_, self.covariances_ = fit.means, fit.covariances
        self.weights_, self.sizes_ = fit.weights, fit.sizes
        self.log_likelihood_ = fit.log_likelihood
        self.n_iter_, self.converged_ = fit.n_iter, fit.converged
        self.n_features_in_ = fit.means.shape[1]
        return self

    def _fit(self, rows: Doubles, weights: Doubles | None) -> Fit:
        prepared = prepare(rows, weights, reg_covar=self.reg_covar)
        mode = mode_of(self.covariance_type, self.tied)
        return fit_mode(
            prepared,
            min(self.n_clusters, prepared.distinct),
            *mode,
            n_init=self.n_init,
            seed=draw_seed(self.random_state),
            min_members=self.min_members,
            assignment="distance" if self.assignment == "distance" else "likelihood",
            score="legacy" if self.scoring == "legacy" else "correct",
            max_iter=self.max_iter,
            tol=self.tol,
        )

    def _warn(self, fit: Fit) -> None:
        if fit.clusters < self.n_clusters:
            said = f"Only {fit.clusters} of {self.n_clusters} clusters have rows; rows may be duplicates."
            warnings.warn(said, ConvergenceWarning, stacklevel=3)
        elif not fit.converged:
            said = f"Rows still changed clusters after max_iter={self.max_iter} passes."
            warnings.warn(said, ConvergenceWarning, stacklevel=3)

    def fit_predict(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Labels:
        """Cluster the rows and return their labels (n,)."""
        return self.fit(X, sample_weight=sample_weight).labels_


def draw_seed(random_state: int | RandomState | None) -> int:
    """Return a seed from what scikit-learn takes as `random_state`; a number is its own seed."""
    if isinstance(random_state, Integral) and random_state >= 0:
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def refuse_fewer(rows: int, clusters: int) -> None:
    """Raise `InvalidData` when there are fewer rows than clusters."""
    if rows < clusters:
        raise InvalidData(
            f"n_samples={rows} is fewer than n_clusters={clusters}.",
            hint="Ask for fewer clusters, or give more rows.",
        )
