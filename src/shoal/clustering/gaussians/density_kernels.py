"""Sums over rows that scores are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.gaussian_kernels import ROWS
from shoal.clustering.kernels.jit import kernel, summing_kernel

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]

# A responsibility of e^-40 adds nothing to a double that is near 1.
NEGLIGIBLE = 80.0


@kernel
def _score_block(
    blocks: Doubles,
    b: int,
    slanted: bool,
    heights: Doubles,
    means: Doubles,
    precisions: Doubles,
    gaps: Doubles,
    scores: Doubles,
) -> None:
    """Write -2 ln(weight x density) (k, rows), less a constant, by differences: no digits are lost."""
    k, d = means.shape
    for j in range(k):
        for r in range(ROWS):
            scores[j, r] = heights[j]
        for c in range(d):
            mean = means[j, c]
            for r in range(ROWS):
                gaps[c, r] = blocks[b, c, r] - mean
            own = precisions[j, c, c]
            for r in range(ROWS):
                scores[j, r] += own * gaps[c, r] * gaps[c, r]
            if slanted:
                for e in range(c):
                    twice = 2.0 * precisions[j, c, e]
                    for r in range(ROWS):
                        scores[j, r] += twice * gaps[c, r] * gaps[e, r]


@kernel
def _share_row(scores: Doubles, r: int) -> float:
    """Return the sum over clusters of responsibility times score of one row."""
    least = scores[0, r]
    for j in range(1, scores.shape[0]):
        least = min(least, scores[j, r])
    mass = 0.0
    mixed = 0.0
    for j in range(scores.shape[0]):
        gap = scores[j, r] - least
        if gap < NEGLIGIBLE:
            share = np.exp(-0.5 * gap)
            mass += share
            mixed += share * gap
    return float(least + mixed / mass)


@kernel
def shared_score(
    blocks: Doubles,
    weights: Doubles,
    slanted: bool,
    heights: Doubles,
    means: Doubles,
    precisions: Doubles,
) -> float:
    """Return the sum over rows and clusters of weight times responsibility times score.

    A score is `heights[j]` + the squared Mahalanobis distance; `slanted` says that precisions (k, d, d) are
    not diagonal.
    """
    scores = np.empty((means.shape[0], ROWS))
    gaps = np.empty((means.shape[1], ROWS))
    total = 0.0
    for b in range(blocks.shape[0]):
        _score_block(blocks, b, slanted, heights, means, precisions, gaps, scores)
        for r in range(min(ROWS, weights.shape[0] - b * ROWS)):
            total += weights[b * ROWS + r] * _share_row(scores, r)
    return total


@summing_kernel
def unsquared_distances(
    blocks: Doubles, weights: Doubles, labels: Labels, means: Doubles, precisions: Doubles
) -> float:
    """Return the weighted sum of the rows' Mahalanobis distances to their own centres."""
    size = blocks.shape[2]
    d = means.shape[1]
    gaps = np.empty(d)
    total = 0.0
    for i in range(labels.shape[0]):
        j = labels[i]
        for c in range(d):
            gaps[c] = blocks[i // size, c, i % size] - means[j, c]
        square = 0.0
        for c in range(d):
            for e in range(d):
                square += gaps[c] * precisions[j, c, e] * gaps[e]
        total += weights[i] * np.sqrt(max(square, 0.0))
    return total
