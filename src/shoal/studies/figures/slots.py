"""One number and colour for a cluster in every fit: that of the best fit's cluster it overlaps most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def matched(labels: NDArray[np.integer], best: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return for each cluster of some labels (n,) its slot, from 1.

    The pair of clusters with the most rows in common comes first, then the next of those left; what has no
    partner gets the next free slots in its own order. Labels count from 0.
    """
    own, theirs = int(labels.max(initial=0)) + 1, int(best.max(initial=0)) + 1
    counts = np.bincount(labels.astype(np.int64) * theirs + best, minlength=own * theirs)
    slots, taken = np.zeros(own, np.int64), np.zeros(theirs, bool)
    for pair in np.argsort(-counts, kind="stable").tolist():
        cluster, other = divmod(pair, theirs)
        if slots[cluster] == 0 and not taken[other]:
            slots[cluster], taken[other] = other + 1, True
    alone = slots == 0
    slots[alone] = theirs + 1 + np.arange(alone.sum())
    return slots
