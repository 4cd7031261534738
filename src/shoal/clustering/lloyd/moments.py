"""Compute the spread of columns."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.jit import summing_kernel
from shoal.clustering.kernels.packing import Doubles, Floats, PackedRows


@summing_kernel
def _column_moments(blocks: Floats, n: int, weights: Doubles, moments: Doubles) -> None:
    """Write the mean of each packed column to `moments[0]` and its variance to `moments[1]`.

    Two passes, in float64: the form that subtracts a squared mean loses its digits when the mean is large.
    """
    _, d, size = blocks.shape
    total = weights.sum() if weights.shape[0] > 0 else float(n)
    moments[:] = 0.0
    for power in range(2):
        for b in range(blocks.shape[0]):
            first = b * size
            count = min(size, n - first)
            for j in range(d):
                centre = moments[0, j] if power == 1 else 0.0
                part = 0.0
                for r in range(count):
                    gap = np.float64(blocks[b, j, r]) - centre
                    value = gap * gap if power == 1 else gap
                    part += value * weights[first + r] if weights.shape[0] > 0 else value
                moments[power, j] += part
        moments[power] /= total


def column_variances(packed: PackedRows, weights: Doubles) -> Doubles:
    """Return the variance (d,) of each column, in float64; `weights` is (n,), or empty for weights of one."""
    moments = np.empty((2, packed.features))
    _column_moments(packed.blocks, packed.count, weights, moments)
    return np.asarray(moments[1])
