"""The algorithm of an older service: nearest centre by Mahalanobis distance, no determinants, no weights.

Kept to compare with its reports. It is not a maximisation of anything: wide clusters attract rows, so the
labels can go round in circles until the passes are used up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.covariance_kernels import cholesky, invert_factor
from shoal.clustering.gaussians.gaussian_kernels import assign, expand
from shoal.clustering.gaussians.likelihood_kernels import clear_empty, scatter_of, write_score
from shoal.clustering.kernels.jit import exact_kernel, kernel
from shoal.clustering.kernels.tile import TILE_CENTRES
from shoal.clustering.modes import FULL, SPHERICAL

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]
Counts = NDArray[np.int64]


@exact_kernel
def _reshape(shape: int, matrix: Doubles) -> None:
    """Turn a covariance (d, d) into the shape of a mode, in place."""
    d = matrix.shape[0]
    mean = 0.0
    for c in range(d):
        mean += matrix[c, c] / d
    for c in range(d):
        for e in range(d):
            if c != e and shape != FULL:
                matrix[c, e] = 0.0
        if shape == SPHERICAL:
            matrix[c, c] = mean


@exact_kernel
def _invert_or_identity(matrix: Doubles, inverse: Doubles, work: Doubles) -> float:
    """Write the inverse and return ln of the determinant; where that is not positive, use the identity."""
    d = matrix.shape[0]
    factor, root = work[0], work[1]
    possible = cholesky(matrix, factor)
    if possible:
        invert_factor(factor, root)
    log_determinant = 0.0
    for i in range(d):
        log_determinant += 2.0 * np.log(factor[i, i]) if possible else 0.0
        for j in range(d):
            total = 1.0 if i == j else 0.0
            if possible:
                total = 0.0
                for c in range(max(i, j), d):
                    total += root[c, i] * root[c, j]
            else:
                matrix[i, j] = total
            inverse[i, j] = total
    return log_determinant


@exact_kernel
def old_covariances(
    shape: int,
    tied: bool,
    counts: Doubles,
    covariances: Doubles,
    precisions: Doubles,
    log_determinants: Doubles,
    work: Doubles,
) -> None:
    """Turn the members' covariances (k, d, d) into those the old service used, in place.

    A cluster of no more than d rows counts as the identity, or, tied, as zero in the plain mean over
    clusters. `work` is (2, d, d).
    """
    k, d, _ = covariances.shape
    for j in range(k):
        if counts[j] <= d:
            for c in range(d):
                for e in range(d):
                    covariances[j, c, e] = 1.0 if c == e and not tied else 0.0
    if tied:
        for c in range(d):
            for e in range(d):
                mean = 0.0
                for j in range(k):
                    mean += covariances[j, c, e]
                for j in range(k):
                    covariances[j, c, e] = mean / k
    for j in range(k):
        _reshape(shape, covariances[j])
        log_determinants[j] = _invert_or_identity(covariances[j], precisions[j], work)


@exact_kernel
def _score_clusters(
    shape: int,
    tied: bool,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    constants: Doubles,
    slopes: Doubles,
    spreads: Doubles,
) -> None:
    """Write every cluster's score, its squared distance; `spreads` is (2 k + 2, d, d)."""
    k = members.shape[0]
    clear_empty(members, counts, sums)
    constants[:] = np.inf
    slopes[:] = 0.0
    for j in range(k):
        spreads[j] = 0.0
        if members[j] > 0:
            scatter_of(shape, counts[j], sums[j], spreads[j])
    logs = np.empty(k)
    old_covariances(shape, tied, counts, spreads[:k], spreads[k : 2 * k], logs, spreads[2 * k :])
    for j in range(k):
        if members[j] > 0:
            column = slopes[j // TILE_CENTRES, :, j % TILE_CENTRES]
            constants[j] = write_score(shape, spreads[k + j], counts[j], sums[j], column)


@kernel
def _squared_distances(
    blocks: Doubles,
    shape: int,
    constants: Doubles,
    slopes: Doubles,
    features: Doubles,
    labels: Labels,
    own: bool,
    squares: Doubles,
) -> None:
    """Write each row's squared distance to its own centre, or to the nearest."""
    groups, width, per = slopes.shape
    size = blocks.shape[2]
    for i in range(squares.shape[0]):
        b, r = i // size, i % size
        if r == 0:
            expand(blocks, b, shape, features)
        least = np.inf
        for j in range(groups * per):
            if constants[j] < np.inf and (not own or labels[b, 0, r] == j):
                square = constants[j]
                for f in range(width):
                    square += slopes[j // per, f, j % per] * features[0, f, r]
                least = min(least, square)
        squares[i] = max(least, 0.0)


@kernel
def _fill_empty(
    blocks: Doubles,
    weights: Doubles,
    shape: int,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    features: Doubles,
    squares: Doubles,
) -> None:
    """Give each empty cluster the row farthest from its centre, of those not alone in their cluster."""
    size = blocks.shape[2]
    for j in range(members.shape[0]):
        if members[j] > 0:
            continue
        farthest = -1
        for i in range(weights.shape[0]):
            alone = members[labels[i // size, 0, i % size]] <= 1
            if not alone and weights[i] > 0.0 and (farthest < 0 or squares[i] > squares[farthest]):
                farthest = i
        if farthest < 0:
            return
        b, r = farthest // size, farthest % size
        old = labels[b, 0, r]
        expand(blocks, b, shape, features)
        labels[b, 0, r] = j
        members[old] -= 1
        members[j] += 1
        counts[old] -= weights[farthest]
        counts[j] += weights[farthest]
        for f in range(sums.shape[1]):
            sums[old, f] -= weights[farthest] * features[0, f, r]
            sums[j, f] += weights[farthest] * features[0, f, r]


@kernel
def _shift(counts: Doubles, sums: Doubles, centres: Doubles) -> float:
    """Move the centres (k, d) to the means; return the sum of their squared moves."""
    shift = 0.0
    for j in range(centres.shape[0]):
        for c in range(centres.shape[1]):
            if counts[j] > 0.0:
                mean = sums[j, c] / counts[j]
                shift += (mean - centres[j, c]) ** 2
                centres[j, c] = mean
    return shift


@kernel
def follow_distances(
    blocks: Doubles,
    weights: Doubles,
    shape: int,
    tied: bool,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    constants: Doubles,
    slopes: Doubles,
    features: Doubles,
    spreads: Doubles,
    max_iter: int,
    tol: float,
) -> tuple[int, bool, float]:
    """Run to rest; return passes, rest, and the inertia: the weighted sum of distances to the nearest centre.

    Rest is: the centres' squared moves sum to no more than `tol`. `spreads` is (2 k + 2, d, d).
    """
    squares = np.empty(weights.shape[0])
    centres = np.zeros((members.shape[0], blocks.shape[1]))
    _shift(counts, sums, centres)
    passes = 0
    settled = False
    while passes < max_iter and not settled:
        _score_clusters(shape, tied, members, counts, sums, constants, slopes, spreads)
        assign(blocks, weights, shape, constants, slopes, labels, members, counts, sums, features)
        if members.min() == 0:
            _squared_distances(blocks, shape, constants, slopes, features, labels, True, squares)
            _fill_empty(blocks, weights, shape, labels, members, counts, sums, features, squares)
        passes += 1
        settled = _shift(counts, sums, centres) <= tol
    _score_clusters(shape, tied, members, counts, sums, constants, slopes, spreads)
    _squared_distances(blocks, shape, constants, slopes, features, labels, False, squares)
    inertia = 0.0
    for i in range(weights.shape[0]):
        inertia += weights[i] * np.sqrt(squares[i])
    return passes, settled, inertia
