"""Covariances that stay invertible: the likelihood's maximum among matrices with a floor.

Without a floor the likelihood has no maximum: a cluster that shrinks onto one point, a line or repeated
values gains without bound. Among covariances S with S - diag(floor) positive semi-definite the best one is
known: scale the columns by sqrt(floor), raise the eigenvalues below 1 to 1, scale back. So clipping is still
a maximisation step, the objective still cannot fall, and a covariance above the floor is left exactly as it
is, which adding a constant to every diagonal would not do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.wide_kernels import raise_wide
from shoal.clustering.kernels.jit import exact_kernel, kernel

Doubles = NDArray[np.float64]
WIDE = 64  # columns beyond which all eigenvalues take longer than a fit should


@exact_kernel
def cholesky(matrix: Doubles, factor: Doubles) -> bool:
    """Write the lower factor of a symmetric matrix; return whether it is positive definite."""
    d = matrix.shape[0]
    for i in range(d):
        for j in range(i + 1):
            total = matrix[i, j]
            for c in range(j):
                total -= factor[i, c] * factor[j, c]
            if i != j:
                factor[i, j] = total / factor[j, j]
            elif total > 0.0:
                factor[i, i] = np.sqrt(total)
            else:
                return False
    return True


@kernel
def invert_factor(factor: Doubles, inverse: Doubles) -> None:
    """Write the inverse of a lower triangular matrix, zeros above its diagonal."""
    d = factor.shape[0]
    for j in range(d):
        for i in range(j):
            inverse[i, j] = 0.0
        inverse[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, d):
            total = 0.0
            for c in range(j, i):
                total -= factor[i, c] * inverse[c, j]
            inverse[i, j] = total / factor[i, i]


@exact_kernel
def _rotate(matrix: Doubles, vectors: Doubles, p: int, q: int) -> None:
    """Zero matrix[p, q] by one plane rotation (Golub and Van Loan, Matrix Computations, 8.5)."""
    tau = (matrix[q, q] - matrix[p, p]) / (2.0 * matrix[p, q])
    t = (1.0 if tau >= 0.0 else -1.0) / (abs(tau) + np.sqrt(1.0 + tau * tau))
    c = 1.0 / np.sqrt(1.0 + t * t)
    s = t * c
    for i in range(matrix.shape[0]):
        x, y = matrix[i, p], matrix[i, q]
        matrix[i, p], matrix[i, q] = c * x - s * y, s * x + c * y
    for i in range(matrix.shape[0]):
        x, y = matrix[p, i], matrix[q, i]
        matrix[p, i], matrix[q, i] = c * x - s * y, s * x + c * y
        x, y = vectors[i, p], vectors[i, q]
        vectors[i, p], vectors[i, q] = c * x - s * y, s * x + c * y


@exact_kernel
def eigen(matrix: Doubles, vectors: Doubles) -> None:
    """Leave a symmetric matrix's eigenvalues on its diagonal, its eigenvectors in columns (cyclic Jacobi)."""
    d = matrix.shape[0]
    vectors[:] = 0.0
    for i in range(d):
        vectors[i, i] = 1.0
    for _ in range(60):
        rotated = False
        for p in range(d - 1):
            for q in range(p + 1, d):
                if abs(matrix[p, q]) > 1e-15 * np.sqrt(abs(matrix[p, p] * matrix[q, q])) + 1e-290:
                    _rotate(matrix, vectors, p, q)
                    rotated = True
        if not rotated:
            return


@exact_kernel
def is_above(matrix: Doubles, floor: Doubles, scaled: Doubles, factor: Doubles) -> bool:
    """Say whether a symmetric matrix (d, d) is above the floor (d,); write it in units of that, less 1."""
    d = matrix.shape[0]
    for i in range(d):
        for j in range(d):
            scaled[i, j] = matrix[i, j] / np.sqrt(floor[i] * floor[j]) - (1.0 if i == j else 0.0)
    return cholesky(scaled, factor)


@exact_kernel
def lift(matrix: Doubles, floor: Doubles, work: Doubles) -> int:
    """Raise a symmetric matrix (d, d) to the floor (d,) in place; return in how many directions.

    `work` is (3, d, d).
    """
    d = matrix.shape[0]
    scaled, vectors, factor = work[0], work[1], work[2]
    if is_above(matrix, floor, scaled, factor):
        return 0
    if d > WIDE:
        return raise_wide(matrix, floor, factor, work[:2])[0]
    eigen(scaled, vectors)
    lifted = 0
    for c in range(d):
        lifted += scaled[c, c] <= 0.0
    for i in range(d):
        for j in range(d):
            total = 1.0 if i == j else 0.0
            for c in range(d):
                if scaled[c, c] > 0.0:
                    total += vectors[i, c] * scaled[c, c] * vectors[j, c]
            matrix[i, j] = total * np.sqrt(floor[i] * floor[j])
    return lifted


@exact_kernel
def invert_lifted(matrix: Doubles, floor: Doubles, inverse: Doubles, work: Doubles) -> tuple[int, float]:
    """Raise a matrix to the floor, write its inverse, return the directions raised and ln of its determinant.

    `work` is (3, d, d); `matrix` is changed where it was raised.
    """
    d = matrix.shape[0]
    factor, root = work[0], work[1]
    lifted = 0
    if d <= WIDE:
        lifted = lift(matrix, floor, work)
    elif not is_above(matrix, floor, factor, root):
        return raise_wide(matrix, floor, inverse, work[:2])
    cholesky(matrix, factor)
    invert_factor(factor, root)
    log_determinant = 0.0
    for i in range(d):
        log_determinant += 2.0 * np.log(factor[i, i])
        for j in range(d):
            total = 0.0
            for c in range(max(i, j), d):
                total += root[c, i] * root[c, j]
            inverse[i, j] = total
    return lifted, log_determinant
