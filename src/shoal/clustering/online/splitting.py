"""Try to split a cluster in two: by 2-means, started along the axis on which its rows spread most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel, summing_kernel
from shoal.clustering.kernels.packing import Doubles

Places = NDArray[np.int64]

POWER_STEPS = 6
STEPS = 12
LEAST_ROWS, LEAST_CHILD = 8, 3
# The axis is found roughly; the spread along the true one may be this much larger.
DOUBT = 1.5


@summing_kernel
def _along(rows: Doubles, i: int, mean: Doubles, axis: Doubles) -> float:
    total = 0.0
    for j in range(axis.shape[0]):
        total += (rows[i, j] - mean[j]) * axis[j]
    return total


@summing_kernel
def square_gap(rows: Doubles, i: int, point: Doubles) -> float:
    """Return the squared distance of a row to a point (d,)."""
    total = 0.0
    for j in range(point.shape[0]):
        gap = rows[i, j] - point[j]
        total += gap * gap
    return total


@kernel
def _normalise(axis: Doubles) -> float:
    length = np.sqrt((axis * axis).sum())
    if length > 0.0:
        axis /= length
    return float(length)


@kernel
def _find_axis(rows: Doubles, weights: Doubles, members: Places, mean: Doubles, axis: Doubles) -> float:
    """Write the axis of largest spread, by power steps from the farthest row; return the scatter along it."""
    farthest, far = 0, -1.0
    for i in members:
        gap = square_gap(rows, i, mean)
        if gap > far:
            farthest, far = i, gap
    for j in range(axis.shape[0]):
        axis[j] = rows[farthest, j] - mean[j]
    scatter = _normalise(axis)
    turned = np.empty(axis.shape[0])
    for _ in range(POWER_STEPS):
        turned[:] = 0.0
        for i in members:
            part = _along(rows, i, mean, axis) * (weights[i] if weights.shape[0] > 0 else 1.0)
            for j in range(axis.shape[0]):
                turned[j] += part * (rows[i, j] - mean[j])
        scatter = _normalise(turned)
        axis[:] = turned
        if scatter == 0.0:
            break
    return scatter


@kernel
def _halve(
    rows: Doubles, weights: Doubles, members: Places, mean: Doubles, axis: Doubles, middle: float,
    children: Doubles, masses: Doubles,
) -> int:  # fmt: skip
    """Divide the members at `middle` along an axis: write both means and masses; return the smaller count."""
    children[:] = 0.0
    masses[:] = 0.0
    upper = 0
    for i in members:
        weight = weights[i] if weights.shape[0] > 0 else 1.0
        side = 1 if _along(rows, i, mean, axis) > middle else 0
        upper += side
        masses[side] += weight
        for j in range(mean.shape[0]):
            children[side, j] += weight * (rows[i, j] - mean[j])
    for side in range(2):
        if masses[side] > 0.0:
            for j in range(mean.shape[0]):
                children[side, j] = mean[j] + children[side, j] / masses[side]
    return min(upper, len(members) - upper)


@kernel
def split(
    rows: Doubles, weights: Doubles, members: Places, mean: Doubles, least: float, children: Doubles,
    masses: Doubles,
) -> float:  # fmt: skip
    """Split the rows of a cluster in two; return by how much that lowers the inertia, or 0.

    `members` are places of `rows` (n, d), `mean` (d,) is theirs. Writes `children` (2, d) and their `masses`.
    Gives up, with 0, where the gain cannot be more than `least`, or a child would be a few rows only.
    """
    if members.shape[0] < LEAST_ROWS:
        return 0.0
    axis = np.empty(mean.shape[0])
    if DOUBT * _find_axis(rows, weights, members, mean, axis) <= least:
        return 0.0
    middle, smaller = 0.0, 0
    for _ in range(STEPS):
        before = masses[0]
        smaller = _halve(rows, weights, members, mean, axis, middle, children, masses)
        if smaller == 0 or masses[0] == before:
            break
        middle = 0.0
        for j in range(mean.shape[0]):
            axis[j] = children[1, j] - children[0, j]
        _normalise(axis)
        for j in range(mean.shape[0]):
            middle += (0.5 * (children[0, j] + children[1, j]) - mean[j]) * axis[j]
    if smaller < LEAST_CHILD or masses.min() == 0.0:
        return 0.0
    return float(masses[0] * masses[1] / masses.sum() * square_gap(children, 0, children[1]))
