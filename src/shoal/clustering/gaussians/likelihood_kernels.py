"""The maximisation step of classification EM (Celeux and Govaert 1992), from sufficient statistics alone.

The objective is the classification log-likelihood less its constant n d/2 ln(2 pi):
sum_k n_k ln(n_k/n) - n_k/2 (ln|S_k| + tr(S_k^-1 A_k)), A_k the covariance of the members, S_k the mode's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.covariance_kernels import invert_lifted
from shoal.clustering.kernels.jit import exact_kernel
from shoal.clustering.kernels.tile import TILE_CENTRES
from shoal.clustering.modes import DIAGONAL, FULL, SPHERICAL, TIED

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


@exact_kernel
def scatter_of(kind: int, count: float, sums: Doubles, scatter: Doubles) -> None:
    """Write the members' covariance (d, d) as far as the mode's features know it."""
    d = scatter.shape[0]
    at = d
    for c in range(d):
        mean = sums[c] / count
        if kind == FULL:
            for e in range(c, d):
                scatter[c, e] = scatter[e, c] = sums[at] / count - mean * (sums[e] / count)
                at += 1
        elif kind == DIAGONAL:
            scatter[c, c] = sums[d + c] / count - mean * mean
        else:
            scatter[c, c] = (sums[d] / count if c == 0 else 0.0) - mean * mean


@exact_kernel
def restrict(
    scatter: Doubles, shape: int, floor: Doubles, precision: Doubles, work: Doubles
) -> tuple[int, float]:
    """Turn a covariance into the mode's shape above the floor; write its inverse.

    Return in how many directions it was raised, and ln of the determinant. `work` is (3, d, d).
    """
    d = scatter.shape[0]
    if shape == FULL:
        return invert_lifted(scatter, floor, precision, work)
    if shape == SPHERICAL:
        mean = 0.0
        for c in range(d):
            mean += scatter[c, c] / d
        for c in range(d):
            scatter[c, c] = mean
    raised = 0
    log_determinant = 0.0
    least = floor.mean()
    for c in range(d):
        bound = least if shape == SPHERICAL else floor[c]
        if scatter[c, c] < bound:
            scatter[c, c] = bound
            raised += 1
        for e in range(d):
            precision[c, e] = 0.0
            if c != e:
                scatter[c, e] = 0.0
        precision[c, c] = 1.0 / scatter[c, c]
        log_determinant += np.log(scatter[c, c])
    return raised, log_determinant


@exact_kernel
def _trace_of_product(left: Doubles, right: Doubles) -> float:
    total = 0.0
    for i in range(left.shape[0]):
        for j in range(left.shape[0]):
            total += left[i, j] * right[i, j]
    return total


@exact_kernel
def write_score(kind: int, precision: Doubles, count: float, sums: Doubles, slopes: Doubles) -> float:
    """Write the slopes (F,) of the squared Mahalanobis distance to a cluster; return its constant.

    For the tied kind x' P x, which all clusters share, is left out.
    """
    d = precision.shape[0]
    constant = 0.0
    for c in range(d):
        pull = 0.0
        for e in range(d):
            pull += precision[c, e] * (sums[e] / count)
        slopes[c] = -2.0 * pull
        constant += pull * (sums[c] / count)
    if kind == SPHERICAL:
        slopes[d] = precision[0, 0]
    elif kind == DIAGONAL:
        for c in range(d):
            slopes[d + c] = precision[c, c]
    elif kind == FULL:
        at = d
        for c in range(d):
            for e in range(c, d):
                slopes[at] = precision[c, e] * (1.0 if c == e else 2.0)
                at += 1
    return constant


@exact_kernel
def clear_empty(members: Counts, counts: Doubles, sums: Doubles) -> None:
    """Remove what rounding left in the sums of clusters without members."""
    for j in range(members.shape[0]):
        if members[j] == 0:
            counts[j] = 0.0
            sums[j] = 0.0


@exact_kernel
def copy_square(source: Doubles, target: Doubles) -> None:
    """Copy a square matrix; numba's own assignment of arrays takes ten times as long to compile."""
    for i in range(source.shape[0]):
        for j in range(source.shape[0]):
            target[i, j] = source[i, j]


@exact_kernel
def pooled_scatter(
    moment: Doubles, members: Counts, counts: Doubles, sums: Doubles, scatter: Doubles
) -> None:
    """Write the covariance within clusters: the whole second moment (d, d) less what lies between them."""
    d = scatter.shape[0]
    total = counts.sum()
    for c in range(d):
        for e in range(c, d):
            within = moment[c, e]
            for j in range(members.shape[0]):
                if members[j] > 0:
                    within -= sums[j, c] * (sums[j, e] / counts[j])
            scatter[c, e] = scatter[e, c] = within / total


@exact_kernel
def spread_of(
    kind: int, shape: int, floor: Doubles, count: float, sums: Doubles, work: Doubles
) -> tuple[int, float, float]:
    """Return of one cluster's covariance in how many directions it was raised, ln|S_k| and tr(S_k^-1 A_k).

    `work` is (6, d, d); S_k's inverse is left in its third.
    """
    scatter, kept, precision, scratch = work[0], work[1], work[2], work[3:]
    scatter_of(kind, count, sums, scatter)
    copy_square(scatter, kept)
    raised, log_determinant = restrict(scatter, shape, floor, precision, scratch)
    trace = _trace_of_product(precision, kept) if raised > 0 else float(scatter.shape[0])
    return raised, log_determinant, trace


@exact_kernel
def maximise(
    kind: int,
    shape: int,
    moment: Doubles,
    floor: Doubles,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    constants: Doubles,
    slopes: Doubles,
    work: Doubles,
) -> tuple[float, int]:
    """Write every cluster's score; return the objective and the most directions raised in one covariance.

    `moment` (d, d) is the sum of w x x' over all rows; `work` is (6, d, d). `constants` and `slopes` are laid
    out for `assign`. Empty clusters attract nothing.
    """
    scatter, kept, precision, scratch = work[0], work[1], work[2], work[3:]
    d = scatter.shape[0]
    total = counts.sum()
    objective = 0.0
    most = 0
    log_determinant = 0.0
    trace = 0.0
    clear_empty(members, counts, sums)
    constants[:] = np.inf
    slopes[:] = 0.0
    if kind == TIED:
        pooled_scatter(moment, members, counts, sums, scatter)
        copy_square(scatter, kept)
        most, log_determinant = restrict(scatter, shape, floor, precision, scratch)
        trace = _trace_of_product(precision, kept) if most > 0 else float(d)
    for j in range(members.shape[0]):
        if members[j] == 0:
            continue
        if kind != TIED:
            raised, log_determinant, trace = spread_of(kind, shape, floor, counts[j], sums[j], work)
            most = max(most, raised)
        log_weight = np.log(counts[j] / total)
        objective += counts[j] * (log_weight - 0.5 * (log_determinant + trace))
        column = slopes[j // TILE_CENTRES, :, j % TILE_CENTRES]
        constants[j] = write_score(kind, precision, counts[j], sums[j], column)
        constants[j] += log_determinant - 2.0 * log_weight
    return objective, most
