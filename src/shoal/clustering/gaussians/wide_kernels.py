"""Covariances of wide rows that lie below the floor in most directions: fewer members than columns, say.

The whole spectrum of a (300, 300) matrix takes seconds by plane rotations. But a covariance of r + 1 rows
has only r directions that are above anything, and what lies below the floor need not be known: it is raised
to the floor whatever it was. So r rows are found whose products make the matrix, they are turned until they
are orthogonal, and the inverse and the determinant follow from those that are longer than the floor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import exact_kernel, summing_kernel

Doubles = NDArray[np.float64]
_SWEEPS = 60


@exact_kernel
def _factor(matrix: Doubles, rows: Doubles, left: Doubles) -> int:
    """Write rows (r, d) with rows' rows = matrix, as many as it has directions; return r.

    This is Cholesky's decomposition with pivots (Higham 1990), stopped at what is rounding only.
    """
    d = matrix.shape[0]
    for i in range(d):
        left[i] = matrix[i, i]
    least = 1e-14 * left.max()
    for r in range(d):
        pivot = int(left.argmax())
        if left[pivot] <= least:
            return r
        root = np.sqrt(left[pivot])
        for i in range(d):
            rows[r, i] = matrix[pivot, i]
        for c in range(r):
            share = rows[c, pivot]
            for i in range(d):
                rows[r, i] -= share * rows[c, i]
        for i in range(d):
            rows[r, i] /= root
            left[i] -= rows[r, i] * rows[r, i]
        left[pivot] = -1.0
    return int(d)


@summing_kernel
def _turn(rows: Doubles, count: int) -> None:
    """Turn rows until each is orthogonal to the others (one-sided Jacobi: Hestenes 1958)."""
    for _ in range(_SWEEPS):
        turned = False
        for p in range(count - 1):
            for q in range(p + 1, count):
                first, second, both = 0.0, 0.0, 0.0
                for i in range(rows.shape[1]):
                    first += rows[p, i] * rows[p, i]
                    second += rows[q, i] * rows[q, i]
                    both += rows[p, i] * rows[q, i]
                if abs(both) <= 1e-14 * np.sqrt(first * second) + 1e-290:
                    continue
                tau = (second - first) / (2.0 * both)
                t = (1.0 if tau >= 0.0 else -1.0) / (abs(tau) + np.sqrt(1.0 + tau * tau))
                c = 1.0 / np.sqrt(1.0 + t * t)
                s = t * c
                for i in range(rows.shape[1]):
                    x, y = rows[p, i], rows[q, i]
                    rows[p, i], rows[q, i] = c * x - s * y, s * x + c * y
                turned = True
        if not turned:
            return


@exact_kernel
def raise_wide(matrix: Doubles, floor: Doubles, inverse: Doubles, work: Doubles) -> tuple[int, float]:
    """Raise a covariance (d, d) to the floor (d,) in place and write its inverse.

    Return the directions raised and ln of the determinant. `work` is (2, d, d).
    """
    d = matrix.shape[0]
    scaled, rows = work[0], work[1]
    for i in range(d):
        for j in range(d):
            scaled[i, j] = matrix[i, j] / np.sqrt(floor[i] * floor[j])
    count = _factor(scaled, rows, np.empty(d))
    _turn(rows, count)
    for i in range(d):
        for j in range(d):
            matrix[i, j] = inverse[i, j] = 1.0 if i == j else 0.0
    log_determinant, raised = 0.0, d
    for r in range(count):
        length = 0.0
        for i in range(d):
            length += rows[r, i] * rows[r, i]
        if length > 1.0:
            raised -= 1
            log_determinant += np.log(length)
            more, less = (length - 1.0) / length, (length - 1.0) / (length * length)
            for i in range(d):
                for j in range(d):
                    product = rows[r, i] * rows[r, j]
                    matrix[i, j] += more * product
                    inverse[i, j] -= less * product
    for i in range(d):
        log_determinant += np.log(floor[i])
        for j in range(d):
            unit = np.sqrt(floor[i] * floor[j])
            matrix[i, j] *= unit
            inverse[i, j] /= unit
    return raised, log_determinant
