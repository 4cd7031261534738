"""Tell what a search has found: clusters by size, each of one centre or of several that belong together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.canonical import canonical_order, ranks_of
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.engine import Engine


class Found(NamedTuple):
    """Hold the clusters, the largest first: their centres (c, d) and masses (c,).

    `names` (k,) is the cluster of each of the search's own centres.
    """

    centres: Doubles
    counts: Doubles
    names: NDArray[np.int32]

    def minor(self, share: float) -> NDArray[np.bool_]:
        """Return which clusters (c,) hold less than a share of all rows."""
        return np.asarray(self.counts < share * self.counts.sum())


def found_by(engine: Engine) -> Found:
    """Return what an engine has found so far."""
    groups, masses, centres = engine.groups(), engine.masses(), engine.centres()
    count = int(groups.max()) + 1
    weights = np.where(masses > 0, masses, 1e-300)  # The centre of a cluster without rows is told as it is.
    totals = np.bincount(groups, weights, count)
    means = np.zeros((count, centres.shape[1]))
    np.add.at(means, groups, (weights / totals[groups])[:, None] * centres)
    counts: Doubles = np.bincount(groups, masses, count).astype(np.float64)
    order = canonical_order(counts, means)
    return Found(means[order], counts[order], ranks_of(order)[groups])
