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
from shoal.clustering.components import (
    Components,
    Members,
    legacy_log_likelihood,
    log_likelihood,
    shared_log_likelihood,
)
from shoal.clustering.limits import InvalidData
from shoal.clustering.modes import MODES, Mode, Shape, mode_of
from shoal.clustering.packing import Doubles
from shoal.clustering.prepared import Prepared, prepare
from shoal.clustering.scores import Score, Scores, score_of
from shoal.clustering.search import Partition, best_partition, labels_of

__all__ = ["Assignment", "Fit", "Prepared", "Score", "fit_mode", "fit_seed", "prepare"]

Assignment = Literal["likelihood", "distance"]
Seed = int | Sequence[int]


@dataclass(frozen=True, eq=False)
class Fit:
    """Hold one fit. Scores have the study's sign: higher is better.

    Clusters are numbered by descending size, ties by centre. `clusters` of them have members, which is fewer
    than `k` when the search could not fill all; arrays hold those only. `labels` (n,) int32; `means`
    (clusters, d) and `covariances` in the space of the prepared rows, the latter as scikit-learn shapes
    them: untied full (clusters, d, d), diag (clusters, d), spherical (clusters,); tied the same for one,
    (d, d), (d,) and (). `weights` (clusters,) are shares, `sizes` the sums of weights they come from.
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
    tol: float = 0.0,
) -> Fit:
    """Fit k clusters by `n_init` restarts and return the best of them.

    A restart whose clusters all have `min_members` (None: as many as the mode's covariance needs to be
    measured) beats one that has not, one without a degenerate cluster beats one with, then likelihood
    decides. `covariance` is full, diag or spherical (or spher). "likelihood" is classification EM; "distance"
    an older service's algorithm, see `legacy`. `tol` is the gain in mean log-likelihood below which a restart
    ends. Raises `InvalidData` when k exceeds the number of distinct rows, `InvalidParameter` for an
    unknown mode.
    """
    mode = mode_of(covariance, tied)
    if not 1 <= k <= prepared.distinct:
        raise InvalidData(
            f"{prepared.distinct} distinct rows cannot form {k} clusters.",
            hint=f"Ask for at most {prepared.distinct}.",
            distinct=prepared.distinct,
        )
    least = mode.members_needed(prepared.columns) if min_members is None else min_members
    random = RandomState(PCG64(SeedSequence(seed)))
    partition = best_partition(prepared, k, mode, random, n_init, least, max_iter, tol)
    return _describe(prepared, k, mode, partition, least, score)


def _describe(
    prepared: Prepared, k: int, mode: Mode, partition: Partition, least: float, score: Score
) -> Fit:
    labels, members = _canonical(prepared, k, partition)
    parts = Components.likeliest(members, mode, prepared.floor)
    scores = _scores(prepared, mode, labels, members, parts, score)
    return Fit(
        k=k,
        mode=mode,
        labels=labels,
        means=(members.means + prepared.packed.offset),
        covariances=mode.condense(parts.covariances),
        weights=members.masses / members.masses.sum(),
        sizes=members.masses,
        n_iter=partition.passes,
        converged=partition.settled,
        meets_min_members=partition.smallest >= least,
        degenerate=partition.degenerate,
        history=partition.history,
        **scores._asdict(),
    )


def _canonical(prepared: Prepared, k: int, partition: Partition) -> tuple[NDArray[np.int32], Members]:
    """Return labels and clusters by descending size, the empty ones left out."""
    filled = np.flatnonzero(partition.masses > 0)
    masses, means = partition.masses[filled], partition.means[filled]
    order = filled[canonical_order(masses, means)]
    numbers = np.zeros(k, np.int32)
    numbers[order] = np.arange(len(order))
    labels = labels_of(prepared, partition, numbers)
    return labels, Members.of(prepared, labels, len(order))


def _scores(
    prepared: Prepared,
    mode: Mode,
    labels: NDArray[np.int32],
    members: Members,
    parts: Components,
    score: Score,
) -> Scores:
    if score == "legacy":
        likelihood = legacy_log_likelihood(prepared, labels, members, parts)
    else:
        likelihood = log_likelihood(members, parts)
    shared = shared_log_likelihood(prepared, members, parts, mode)
    return score_of(mode, len(members.masses), prepared.columns, prepared.total, likelihood, shared)
