"""Find the number of clusters, and their shape, as a study does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

from numpy.random import RandomState
from numpy.typing import ArrayLike

from shoal.clustering.gaussian import FittedGaussians, GaussianKMeans, Labels, draw_seed
from shoal.clustering.gaussians.fitting import Assignment, Fit, Prepared, Score, fit_mode, fit_seed, prepare
from shoal.clustering.gaussians.prepared import REG_COVAR
from shoal.clustering.kernels.team import granted_cpus
from shoal.clustering.limits import InvalidData, InvalidParameter, Limits, Number, OneOf, Whole, refuse_beyond
from shoal.clustering.modes import MODE_NAMES, mode_named
from shoal.clustering.rows import checked_rows, checked_weights
from shoal.clustering.selection import (
    Choice,
    Recommendation,
    Select,
    count_sentence,
    recommend,
    usual_min_members,
)


@dataclass(frozen=True)
class Trial:
    """Hold the scores of one fit of the grid, in the study's sign: higher is better."""

    experiment: int
    k: int
    mode: str
    bic: float
    aic: float
    icl: float
    log_likelihood: float
    smallest: float
    degenerate: bool
    converged: bool
    n_iter: int


class _Place(NamedTuple):
    """Name one fit of the grid."""

    experiment: int
    k: int
    mode: str


class GaussianKMeansSelector(FittedGaussians):
    """Choose the number of clusters and their shape by the Bayesian information criterion.

    Fits `GaussianKMeans` for every number of clusters up to `max_k` in every covariance mode, `n_experiments`
    times over, and keeps the best; the same fits as a study over the same rows with the same seed. Scale the
    columns first (a StandardScaler in a Pipeline) unless their units compare.

    Parameters: `max_k`; `covariances`, names such as "full-tied" or "diag-untied"; `n_init` restarts a fit;
    `n_experiments`; `select`: "best" for the single best score or "mean" for the best mean over experiments;
    `min_members`: the least size of a cluster that may be recommended (None: 30 rows, or 5% of the rows where
    that is less, at least 2); `n_jobs` threads (None: 1, -1: every CPU granted), on which no result depends;
    `max_iter`, `tol`, `reg_covar`, `assignment`, `scoring`, `random_state` as in `GaussianKMeans`.

    Attributes: `n_clusters_`; `covariance_`, the mode chosen; `best_estimator_`, a fitted `GaussianKMeans`;
    `labels_` (n,), `cluster_centers_` (k, d), `n_iter_`; `results_`, a list of `Trial`, scores in the study's
    sign; `recommendation_`, the choice of each mode, wins by k and notes; `verdict_`, the answer in one
    sentence.

    Raises `InvalidParameter` and `InvalidData` (both are ValueErrors) at `fit`, the latter also when no fit
    has clusters of `min_members` rows.

    >>> rows = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.1], [9.2], [9.3]]
    >>> GaussianKMeansSelector(3, random_state=0).fit(rows).verdict_
    'Your data falls into 2 groups (clusters) of 4 and 4 rows.'
    """

    _limits: ClassVar[Limits] = {
        "max_k": (Whole(1),),
        "n_init": (Whole(1),),
        "n_experiments": (Whole(1),),
        "select": (OneOf(("best", "mean")),),
        "min_members": (Number(0), OneOf((None,))),
        "max_iter": (Whole(1),),
        "tol": (Number(0), OneOf((None,))),
        "reg_covar": (Number(0),),
        "assignment": (OneOf(("likelihood", "distance")),),
        "scoring": (OneOf(("correct", "legacy")),),
        "n_jobs": (Whole(1), OneOf((None, -1))),
    }

    def __init__(
        self,
        max_k: int = 10,
        *,
        covariances: Sequence[str] = MODE_NAMES,
        n_init: int = 10,
        n_experiments: int = 1,
        select: Select = "best",
        min_members: float | None = None,
        max_iter: int = 300,
        tol: float | None = None,
        reg_covar: float = REG_COVAR,
        assignment: Assignment = "likelihood",
        scoring: Score = "correct",
        random_state: int | RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.max_k = max_k
        self.covariances = covariances
        self.n_init = n_init
        self.n_experiments = n_experiments
        self.select = select
        self.min_members = min_members
        self.max_iter = max_iter
        self.tol = tol
        self.reg_covar = reg_covar
        self.assignment = assignment
        self.scoring = scoring
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Try the grid on the rows (n, d), each counted as often as its weight says; `y` is ignored."""
        refuse_beyond(self._limits, self)
        rows = checked_rows(self, X, reset=True)
        weights = checked_weights(sample_weight, len(rows))
        prepared = prepare(rows, weights if weights.size else None, reg_covar=self.reg_covar)
        least = usual_min_members(prepared.total) if self.min_members is None else self.min_members
        seed = draw_seed(self.random_state)
        self.results_ = self._try_all(prepared, seed, least)
        self.recommendation_: Recommendation[Trial] = recommend(self.results_, self.select, least)
        chosen = self._chosen()
        self._settle(self._fit(prepared, seed, least, _Place(*chosen)))
        return self

    def _try_all(self, prepared: Prepared, seed: int, least: float) -> list[Trial]:
        """Return the grid's scores, in its own order whatever the number of threads."""

        def trial(place: _Place) -> Trial:
            return _trial_of(self._fit(prepared, seed, least, place), place)

        threads = granted_cpus() if self.n_jobs == -1 else self.n_jobs or 1
        places = list(self._grid(prepared.distinct))
        if threads == 1:
            return [trial(place) for place in places]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(trial, places))

    def _grid(self, distinct: int) -> Iterator[_Place]:
        modes = [self.covariances] if isinstance(self.covariances, str) else list(self.covariances)
        if not modes:
            known = ", ".join(MODE_NAMES)
            raise InvalidParameter("There is no covariance mode to try.", hint=f"Use {known}.")
        for experiment in range(self.n_experiments):
            for k in range(1, min(self.max_k, distinct) + 1):
                for mode in modes:
                    yield _Place(experiment, k, mode_named(mode).name)

    def _fit(self, prepared: Prepared, seed: int, least: float, place: _Place) -> Fit:
        mode = mode_named(place.mode)
        return fit_mode(
            prepared,
            place.k,
            *mode,
            n_init=self.n_init,
            seed=fit_seed(seed, place.experiment, place.k, mode),
            min_members=least,
            assignment=self.assignment,
            score=self.scoring,
            max_iter=self.max_iter,
            tol=self.tol,
        )

    def _chosen(self) -> _Place:
        best: Choice[Trial] | None = self.recommendation_.best
        if best is None:
            raise InvalidData(self.recommendation_.notes[0].text, hint="Lower min_members.")
        return _Place(best.fit.experiment, best.fit.k, best.fit.mode)

    def _settle(self, fit: Fit) -> None:
        self._keep(fit, self.assignment, self.scoring)
        self.n_clusters_ = fit.k
        self.covariance_ = fit.mode.name
        self.n_iter_ = fit.n_iter
        self.verdict_ = count_sentence(fit.sizes.tolist())
        names = ("n_init", "max_iter", "tol", "reg_covar", "min_members", "assignment", "scoring")
        shape, tied = fit.mode
        self.best_estimator_ = GaussianKMeans(
            fit.k, covariance_type=shape, tied=tied, **{name: getattr(self, name) for name in names}
        ).adopt(fit)

    def fit_predict(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Labels:
        """Try the grid and return the labels (n,) of the best fit."""
        return self.fit(X, sample_weight=sample_weight).labels_


def _trial_of(fit: Fit, place: _Place) -> Trial:
    return Trial(
        *place,
        bic=fit.bic,
        aic=fit.aic,
        icl=fit.icl,
        log_likelihood=fit.log_likelihood,
        smallest=fit.smallest,
        degenerate=fit.degenerate,
        converged=fit.converged,
        n_iter=fit.n_iter,
    )
