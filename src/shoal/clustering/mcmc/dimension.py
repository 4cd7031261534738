"""Estimate in how many directions clusters are wide: their effective dimension.

A cluster with covariance V is as wide as a round one of (tr V)^2 / tr V^2 dimensions. tr V^2 of a sample is
corrected so that it does not count noise as width.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import summing_kernel
from shoal.clustering.kernels.packing import Doubles

# Below 1 for two reasons: a uniform interval's halves tie with it at 1, and mild ellipsoids are not cut.
CAUTION = 0.9
MEMBERS, WIDE_MEMBERS, WIDE = 256, 128, 64
LEAST_MEMBERS = 5


@summing_kernel
def _traces(table: Doubles) -> tuple[float, float]:
    """Return the trace of the Gram matrix (b, b) of a table's columns, and that of its square."""
    count, width = table.shape
    gram = np.zeros((width, width))
    for i in range(count):
        for a in range(width):
            for b in range(width):
                gram[a, b] += table[i, a] * table[i, b]
    trace, square = 0.0, 0.0
    for a in range(width):
        trace += gram[a, a]
        for b in range(width):
            square += gram[a, b] * gram[a, b]
    return trace, square


def _concentration(members: Doubles) -> float | None:
    """Return an estimate of tr V^2 / (tr V)^2, or None for rows that are all alike."""
    count = len(members)
    centred = np.ascontiguousarray(members - members.mean(axis=0))
    trace, square = _traces(centred if count > centred.shape[1] else np.ascontiguousarray(centred.T))
    if trace <= 0:
        return None
    trace, square = trace / (count - 1), square / (count - 1) ** 2
    unbiased = (count - 1) ** 2 / ((count + 1) * (count - 2)) * (square - trace**2 / (count - 1))
    return float(unbiased / trace**2)


def effective_dimension(rows: Doubles, labels: NDArray[np.int64], groups: int) -> float:
    """Return the effective dimension that labelled rows (n, d) share, from .9 to d; d if they cannot tell."""
    columns = rows.shape[1]
    most = MEMBERS if columns <= WIDE else WIDE_MEMBERS
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(groups + 1))
    total = weight = 0.0
    for first, end in pairwise(ends):
        places = order[first : end : max(1, -(-(end - first) // most))]
        if len(places) < LEAST_MEMBERS:
            continue
        found = _concentration(rows[places])
        if found is not None:
            total += (len(places) - 4) * found
            weight += len(places) - 4
    if weight == 0 or total <= 0:
        return float(columns)
    return min(CAUTION * max(1.0, weight / total), float(columns))
