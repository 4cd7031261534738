"""Meet every kernel of the Metropolis searches once, so that it is compiled or loaded."""

from __future__ import annotations

import numpy as np

from shoal.clustering.mcmc_clusterer import METHODS, MCMCClusterer


def warm() -> None:
    """Cluster something small by each method, with few clusters allowed and with joined ones."""
    random = np.random.default_rng(0)
    rows = np.repeat(random.normal(size=(8, 2)) * 9, 9, axis=0) + random.normal(size=(72, 2))
    for method in METHODS:
        model = MCMCClusterer(3, 4, method=method, shape="elongated", n_iter=40, random_state=0)
        model.fit(rows, sample_weight=np.ones(len(rows)))
        MCMCClusterer.restore(model.snapshot()).partial_fit(rows[:5]).predict(rows)
