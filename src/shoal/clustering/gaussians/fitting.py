"""Fit one number of clusters in one covariance mode: the unit of work of studies, selectors and estimators.

`prepare` the rows once, then call `fit_mode` for every k, mode and repeat. A fit is a function of the
prepared rows and its arguments: the same bits in any order, on any thread, in any process of one machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import PCG64, RandomState, SeedSequence
from numpy.typing import NDArray

from shoal.clustering.canonical import canonical_order
from shoal.clustering.gaussians.components import Components, Members
from shoal.clustering.gaussians.prepared import Prepared, prepare
from shoal.clustering.gaussians.restarts import RestartedSearch
from shoal.clustering.gaussians.search import DistanceSearch, Partition
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.modes import MODES, Mode, Shape, mode_of
from shoal.clustering.scores import SCORES, Score, Scores, score_of

__all__ = ["Assignment", "Fit", "Prepared", "Score", "fit_mode", "fit_seed", "prepare"]

Assignment = Literal["likelihood", "distance"]
Seed = int | Sequence[int]

_SEARCHES: dict[str, type[RestartedSearch | DistanceSearch]] = {
    "likelihood": RestartedSearch,
    "distance": DistanceSearch,
}


@dataclass(frozen=True, eq=False)
class Fit:
    """Hold one fit. Scores have the study's sign: higher is better.

    Clusters are numbered by descending size, ties by centre. `clusters` of them have members, which is fewer
    than `k` when the search could not fill all; arrays hold those only. `labels` (n,) int32; `means`
    (clusters, d) and `covariances` in the space of the prepared rows, the latter as scikit-learn shapes
    them: untied full (clusters, d, d), diag (clusters, d), spherical (clusters,); tied the same for one,
    (d, d), (d,) and (). `weights` (clusters,) are shares, `sizes` the sums of weights they come from.
    `parts` are the same parameters as `means`, `covariances` and `weights`, ready to be applied to rows.
    `history` is the objective of the kept restart before each pass, and never falls ("likelihood").
    `degenerate` says that a cluster has a covariance at the floor in more directions than the data: rows on
    a line, or the same value again and again, whose likelihood means nothing.
    """

    k: int
    mode: Mode
    labels: NDArray[np.int32]
    means: Doubles
    covariances: Doubles
    weights: Doubles
    sizes: Doubles
    log_likelihood: float
    bic: float
    aic: float
    icl: float
    n_iter: int
    converged: bool
    meets_min_members: bool
    degenerate: bool
    history: Doubles
    parts: Components

    @property
    def clusters(self) -> int:
        """Return how many clusters have members."""
        return len(self.weights)

    @property
    def smallest(self) -> float:
        """Return the size of the smallest of the k clusters asked for: 0 when one stayed empty."""
        return float(self.sizes.min()) if self.clusters == self.k else 0.0


def fit_seed(seed: int, experiment: int, k: int, mode: Mode) -> tuple[int, ...]:
    """Return the seed of one fit of a study, which no other fit shares."""
    return seed, experiment, k, MODES.index(mode)


def fit_mode(
    prepared: Prepared,
    k: int,
    covariance: Shape | str,
    tied: bool,
    *,
    n_init: int = 10,
    seed: Seed = 0,
    min_members: float | None = None,
    assignment: Assignment = "likelihood",
    score: Score = "correct",
    max_iter: int = 300,
    tol: float | None = None,
) -> Fit:
    """Fit k clusters by `n_init` restarts and return the best of them.

    A restart whose clusters all have `min_members` (None: as many as the mode's covariance needs to be
    measured) beats one that has not, one without a degenerate cluster beats one with, then likelihood
    decides. `covariance` is full, diag or spherical (or spher). "likelihood" is classification EM; "distance"
    an older service's algorithm (`distance_kernels`), which knows no such preferences. `tol` ends a restart:
    the gain in mean log-likelihood (None: 0), or with "distance" the squared moves of the centres (None:
    1e-4). Raises `InvalidData` when k exceeds the number of distinct rows, `InvalidParameter` for an
    unknown mode.
    """
    mode = mode_of(covariance, tied)
    _refuse(prepared, k, assignment, score)
    least = mode.members_needed(prepared.columns) if min_members is None else min_members
    random = RandomState(PCG64(SeedSequence(seed)))
    search = _SEARCHES[assignment](prepared, k, mode)
    partition = search.best(random, n_init, least, max_iter, search.usual_tol if tol is None else tol)
    labels, members = _canonical(prepared, k, partition)
    choose = Components.likeliest if assignment == "likelihood" else Components.as_before
    parts = choose(prepared, members, mode)
    return Fit(
        k=k,
        mode=mode,
        labels=labels,
        means=parts.means,
        covariances=mode.condense(parts.covariances),
        weights=parts.weights,
        sizes=members.masses,
        n_iter=partition.passes,
        converged=partition.settled,
        meets_min_members=partition.smallest >= least,
        degenerate=partition.degenerate,
        history=partition.history,
        parts=parts,
        **score_rows(prepared, mode, labels, members, parts, score)._asdict(),
    )


def _refuse(prepared: Prepared, k: int, assignment: str, score: str) -> None:
    if not 1 <= k <= prepared.distinct:
        raise InvalidData(
            f"{prepared.distinct} distinct rows cannot form {k} clusters.",
            hint=f"Ask for at most {prepared.distinct}.",
            distinct=prepared.distinct,
        )
    if assignment not in _SEARCHES or score not in SCORES:
        raise InvalidParameter(
            f"There is no assignment {assignment!r} with score {score!r}.",
            hint="Use likelihood or distance, with correct or legacy.",
        )


def _canonical(prepared: Prepared, k: int, partition: Partition) -> tuple[NDArray[np.int32], Members]:
    """Return labels and clusters by descending size, the empty ones left out."""
    filled = np.flatnonzero(partition.masses > 0)
    masses, means = partition.masses[filled], partition.means[filled]
    order = filled[canonical_order(masses, means)]
    numbers = np.zeros(k, np.int32)
    numbers[order] = np.arange(len(order))
    labels = partition.renamed(prepared.rows, numbers)
    return labels, Members.of(prepared, labels, len(order))


def score_rows(
    prepared: Prepared,
    mode: Mode,
    labels: NDArray[np.int32],
    members: Members,
    parts: Components,
    score: Score,
) -> Scores:
    """Score labelled rows under given parameters."""
    if score == "legacy":
        likelihood = parts.legacy_log_likelihood(prepared, labels, members)
    else:
        likelihood = parts.log_likelihood(prepared, members)
    shared = parts.shared_log_likelihood(prepared, mode)
    return score_of(mode, len(members.masses), prepared.columns, prepared.total, likelihood, shared)
