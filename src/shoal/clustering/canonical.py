"""Number clusters in an order that does not depend on how they were found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles, Floats


def canonical_order(masses: Doubles, centres: Floats) -> NDArray[np.int64]:
    """Return the clusters (k,) by descending mass, of equal ones by centre, lexicographically.

    `masses` (k,) are sums of weights, or sizes; `centres` is (k, d). The result is a permutation: its first
    element is the old number of the new cluster 0. Masses are compared to twelve digits of their total, for
    sums of weights differ in the last digits by the order of adding.

    >>> canonical_order(np.array([2.0, 5.0, 2.0]), np.array([[3.0], [1.0], [0.0]]))
    array([1, 2, 0])
    """
    shares = np.round(masses / masses.sum(), 12)
    columns = [centres[:, j] for j in range(centres.shape[1] - 1, -1, -1)]
    order: NDArray[np.int64] = np.lexsort([*columns, -shares])
    return order


def ranks_of(order: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the inverse of a permutation: the new number of each old cluster."""
    ranks = np.empty(order.size, np.int32)
    ranks[order] = np.arange(order.size, dtype=np.int32)
    return ranks
