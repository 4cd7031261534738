"""Sums over rows that scores are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussian_kernels import expand
from shoal.clustering.jit import kernel, summing_kernel

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]

# A responsibility of e^-40 adds nothing to a double that is near 1.
NEGLIGIBLE = 80.0


@kernel
def _score_block(features: Doubles, constants: Doubles, slopes: Doubles, scores: Doubles) -> None:
    k, width = slopes.shape
    for j in range(k):
        for r in range(features.shape[2]):
            scores[j, r] = constants[j]
        for f in range(width):
            slope = slopes[j, f]
            for r in range(features.shape[2]):
                scores[j, r] += slope * features[0, f, r]


@kernel
def shared_score(
    blocks: Doubles, weights: Doubles, kind: int, constants: Doubles, slopes: Doubles, features: Doubles
) -> float:
    """Return the sum over rows and clusters of weight times responsibility times score.

    A score is -2 ln(weight x density) less a constant: `constants` (k,) + `slopes` (k, F) . features.
    """
    size = blocks.shape[2]
    k = slopes.shape[0]
    scores = np.empty((k, size))
    total = 0.0
    for b in range(blocks.shape[0]):
        expand(blocks, b, kind, features)
        _score_block(features, constants, slopes, scores)
        for r in range(min(size, weights.shape[0] - b * size)):
            least = scores[0, r]
            for j in range(1, k):
                least = min(least, scores[j, r])
            mass = 0.0
            mixed = 0.0
            for j in range(k):
                gap = scores[j, r] - least
                if gap < NEGLIGIBLE:
                    share = np.exp(-0.5 * gap)
                    mass += share
                    mixed += share * scores[j, r]
            total += weights[b * size + r] * mixed / mass
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
