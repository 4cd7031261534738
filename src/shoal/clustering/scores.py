"""Scores of a hard Gaussian clustering, in the study's sign: higher is better.

n rows (or units of weight), d columns, K clusters with members, n_k of them in cluster k, S_k its covariance,
D_i the Mahalanobis distance of row i to its own centre, r the free parameters of the mode:

    LL  = sum_k n_k (ln(n_k/n) - d/2 ln(2 pi) - 1/2 ln|S_k|) - 1/2 sum_i D_i^2     classification likelihood
    BIC = LL - r/2 ln n        (Schwarz 1978, halved and turned round)
    AIC = LL - r               (Akaike 1974, likewise)
    ICL = mixture log-likelihood - r/2 ln n - entropy of the responsibilities      (Biernacki et al. 2000)

scikit-learn's BIC and AIC are -2 times these. "legacy" sums D_i instead of its square, as an older service
did: not a likelihood, kept to compare with its reports.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from shoal.clustering.modes import Mode

Score = Literal["correct", "legacy"]
SCORES: tuple[Score, ...] = ("correct", "legacy")
LN_TWO_PI = float(np.log(2 * np.pi))


class Scores(NamedTuple):
    """Hold the scores of one fit, in the study's sign."""

    log_likelihood: float
    bic: float
    aic: float
    icl: float


def penalty(mode: Mode, clusters: int, columns: int, total: float) -> float:
    """Return r/2 ln n."""
    return mode.free_parameters(clusters, columns) / 2 * float(np.log(total))


def score_of(
    mode: Mode, clusters: int, columns: int, total: float, log_likelihood: float, shared: float
) -> Scores:
    """Score a fit from its classification log-likelihood.

    `shared` is the mixture log-likelihood less the entropy of the responsibilities, that is the sum over
    rows and clusters of responsibility times ln(weight x density).
    """
    cost = penalty(mode, clusters, columns, total)
    r = mode.free_parameters(clusters, columns)
    return Scores(log_likelihood, log_likelihood - cost, log_likelihood - r, shared - cost)
