"""Would other rows have given the same groups? Bootstrap, and compare (Hennig 2007)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians import fitting as engine
from shoal.clustering.limits import InvalidData
from shoal.clustering.modes import mode_named
from shoal.studies.plan import StudyPlan
from shoal.studies.results.agreement import adjusted_rand
from shoal.studies.results.parameters import Parameters
from shoal.studies.summary import Best, Stability

RESAMPLINGS = 20
MOST_ROWS = 20_000
# Restarts of each re-sampling: a bad start is no property of the rows, so one start is not enough.
STARTS = 5

Doubles = NDArray[np.float64]


def stability(values: Doubles, labels: NDArray[np.int32], best: Best, plan: StudyPlan) -> Stability | None:
    """Cluster re-sampled rows again, with the same mode and k, and compare over the rows themselves.

    Of more than 20,000 rows (n, d) a sample of that size stands for all. A re-sampling that cannot form k
    clusters agrees in nothing. One cluster has nothing to compare: None.
    """
    if best["k"] == 1:
        return None
    rng = np.random.default_rng([plan.seed, best["k"], len(values)])
    chosen = (
        np.sort(rng.choice(len(values), MOST_ROWS, replace=False)) if len(values) > MOST_ROWS else slice(None)
    )
    rows, groups = values[chosen], labels[chosen]
    found = [_agreement(rows, groups, best, plan, rng) for _ in range(RESAMPLINGS)]
    return Stability(mean=float(np.mean(found)), low=min(found), values=found, rows=len(rows))


def _agreement(
    rows: Doubles, groups: NDArray[np.int32], best: Best, plan: StudyPlan, rng: np.random.Generator
) -> float:
    mode = mode_named(best["covariance"])
    again = engine.prepare(rows[rng.integers(len(rows), size=len(rows))], scale=plan.scale)
    try:
        fit = engine.fit_mode(
            again,
            best["k"],
            mode.covariance,
            mode.tied,
            n_init=min(STARTS, plan.n_init),
            seed=int(rng.integers(2**31)),
            assignment=plan.assignment,
            min_members=2,
        )
    except InvalidData:
        return 0.0
    likelihood = plan.assignment == "likelihood"
    parameters = Parameters(
        mode, fit.weights, fit.means, fit.covariances, again.center, again.scale, likelihood
    )
    return adjusted_rand(groups, parameters.assign(rows)[0])
