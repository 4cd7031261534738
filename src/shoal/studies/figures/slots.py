"""One number and colour for a cluster in every fit: that of the best fit's cluster it overlaps most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def matched(labels: NDArray[np.integer], best: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return for each cluster of some labels (n,) its slot, from 1.

    Clusters are paired with those of the best fit so that most rows agree (the assignment problem, Kuhn
    1955); what is left over gets the next free slots in its own order. Labels count from 0.
    """
    from scipy.optimize import linear_sum_assignment

    own, theirs = int(labels.max(initial=0)) + 1, int(best.max(initial=0)) + 1
    counts = np.bincount(labels.astype(np.int64) * theirs + best, minlength=own * theirs)
    slots = np.zeros(own, np.int64)
    pairs = zip(*linear_sum_assignment(-counts.reshape(own, theirs)), strict=True)
    for cluster, other in pairs:
        slots[cluster] = other + 1
    slots[slots == 0] = theirs + 1 + np.arange((slots == 0).sum())
    return slots
