"""Try to cut one cell in two, on a sample of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from shoal.clustering.kernels.jit import summing_kernel
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.score import Terms, cell_score

SAMPLE = 1024
POWER_STEPS, STEPS = 6, 12


@dataclass(frozen=True)
class Trial:
    """Hold the best cut found of a cell: what the score would gain, and its two halves (2, d) and (2,).

    `of_mass` and `of_mean` tell the cell it was tried on.
    """

    gain: float
    means: Doubles
    mass: Doubles
    of_mass: float
    of_mean: Doubles


@summing_kernel
def _middle(rows: Doubles, weights: Doubles, mean: Doubles) -> tuple[float, float]:
    """Write the mean of rows; return their mass and loss."""
    mass, loss = weights.sum(), 0.0
    mean[:] = 0.0
    for i in range(rows.shape[0]):
        for j in range(mean.shape[0]):
            mean[j] += weights[i] * rows[i, j]
    mean /= mass
    for i in range(rows.shape[0]):
        for j in range(mean.shape[0]):
            gap = rows[i, j] - mean[j]
            loss += weights[i] * gap * gap
    return mass, loss


@summing_kernel
def _along_axis(rows: Doubles, weights: Doubles, mean: Doubles, axis: Doubles, halves: Doubles) -> None:
    """Write the points one deviation from the mean along the principal axis; `axis` is where to begin."""
    d = mean.shape[0]
    turned = np.empty(d)
    wide = 0.0
    for _ in range(POWER_STEPS):
        turned[:] = 0.0
        for i in range(rows.shape[0]):
            along = 0.0
            for j in range(d):
                along += (rows[i, j] - mean[j]) * axis[j]
            for j in range(d):
                turned[j] += weights[i] * along * (rows[i, j] - mean[j])
        wide = np.sqrt(np.sum(turned * turned))
        if wide == 0.0:
            break
        axis[:] = turned / wide
    deviation = np.sqrt(wide / weights.sum())
    halves[0] = mean - deviation * axis
    halves[1] = mean + deviation * axis


@summing_kernel
def _far_pair(rows: Doubles, weights: Doubles, chances: Doubles, halves: Doubles) -> None:
    """Write two rows, the second drawn proportionally to the squared distance from the first."""
    count, d = rows.shape
    first = min(int(chances[0] * count), count - 1)
    masses = np.empty(count)
    for i in range(count):
        apart = 0.0
        for j in range(d):
            gap = rows[i, j] - rows[first, j]
            apart += gap * gap
        masses[i] = weights[i] * apart
    target, second = chances[1] * masses.sum(), first
    for i in range(count):
        if masses[i] > 0.0:
            second = i
            target -= masses[i]
            if target <= 0.0:
                break
    halves[0], halves[1] = rows[first], rows[second]


@summing_kernel
def _two_means(rows: Doubles, weights: Doubles, halves: Doubles, mass: Doubles) -> float:
    """Move two centres (2, d) by Lloyd's steps, write their masses; return the loss of the first."""
    count, d = rows.shape
    sums = np.empty((2, d))
    side = np.zeros(count, np.int8)
    for _ in range(STEPS):
        sums[:], mass[:] = 0.0, 0.0
        changed = 0
        for i in range(count):
            lean = 0.0
            for j in range(d):
                one, two = rows[i, j] - halves[0, j], rows[i, j] - halves[1, j]
                lean += one * one - two * two
            new = 1 if lean > 0.0 else 0
            changed += new != side[i]
            side[i] = new
            mass[new] += weights[i]
            for j in range(d):
                sums[new, j] += weights[i] * rows[i, j]
        if mass[0] == 0.0 or mass[1] == 0.0 or changed == 0:
            break
        for h in range(2):
            halves[h] = sums[h] / mass[h]
    first = 0.0
    for i in range(count):
        if side[i] == 0:
            for j in range(d):
                gap = rows[i, j] - halves[0, j]
                first += weights[i] * gap * gap
    return first


@summing_kernel
def _best_cut(
    rows: Doubles, weights: Doubles, factor: float, pooled: float, terms: Terms,
    axis: Doubles, chances: Doubles, halves: Doubles, masses: Doubles,
) -> float:  # fmt: skip
    """Write the better of two cuts (2, 2, d) to place 0; return its gain, or minus infinity if there is none.

    A row stands for `factor` rows of the cell.
    """
    mean = np.empty(rows.shape[1])
    mass, loss = _middle(rows, weights, mean)
    whole = cell_score(mass * factor, loss * factor, pooled, terms)
    _along_axis(rows, weights, mean, axis, halves[0])
    _far_pair(rows, weights, chances, halves[1])
    best = -np.inf
    for way in range(2):
        first = _two_means(rows, weights, halves[way], masses[way])
        one, two = masses[way, 0], masses[way, 1]
        if one > 0.0 and two > 0.0:
            apart = np.sum(np.square(halves[way, 0] - halves[way, 1]))
            second = max(loss - first - one * two / mass * apart, 0.0)
            gain = cell_score(one * factor, first * factor, pooled, terms) - whole - terms.price
            gain += cell_score(two * factor, second * factor, pooled, terms)
            if gain > best:
                best = gain
                halves[0], masses[0] = halves[way], masses[way]
    return best


def try_split(
    rows: Doubles,
    weights: Doubles,
    mass: float,
    mean: Doubles,
    pooled: float,
    terms: Terms,
    random: RandomState,
) -> Trial:
    """Try to cut a cell of some mass and mean, given a sample of its rows (m, d) and their weights."""
    columns = rows.shape[1]
    axis, chances = random.standard_normal(columns), random.random_sample(2)
    halves, masses = np.empty((2, 2, columns)), np.empty((2, 2))
    axis /= np.sqrt(np.square(axis).sum())
    factor = mass / weights.sum()
    gain = _best_cut(rows, weights, factor, pooled, terms, axis, chances, halves, masses)
    return Trial(float(gain), halves[0], masses[0] * factor, mass, mean.copy())
