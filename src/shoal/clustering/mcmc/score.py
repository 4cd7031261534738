"""Score a set of centres by the length of a code for the rows, whatever their unit.

With e effective dimensions, n_j rows in cell j, and L_j the sum of their squared distances to their mean:

    F = - a sum_j n_j e/2 ln(s_j^2 / S^2) + sum_j n_j ln(n_j / n) - k P

    s_j^2 = max(floor, (L_j/e + n_j r^2/e + s_p^2) / (n_j + 1)),  s_p^2 = max(floor, (sum_j L_j/n + r^2) / e)
    P = (d + 2)/2 ln n + d ln b,  a = amp^(1/4)

The logarithm stands where a quasi-posterior has a temperature times the loss: the temperature is integrated
out, so the unit of the rows drops out too. S^2 only sets where zero is. The floor falls with n slowly enough
that a cell of its own does not pay for every single row, however many columns there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import NamedTuple

import numpy as np

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles

# A cell's variance is drawn to the pooled one as if by so many rows.
DRAWN = 1.0
LEAST_VARIANCE = 1e-6


class Terms(NamedTuple):
    """Hold the numbers that a score is made of: a e/2, e, S^2, r^2, the floor of a variance, n and P."""

    weight: float
    e: float
    spread: float
    grain: float
    floor: float
    total: float
    price: float


@dataclass(frozen=True)
class Yardstick:
    """Measure a frame: its mass, columns, spread S^2 (variance of a column) and grain r^2 (of rounding)."""

    total: float
    columns: int
    spread: float
    grain: float

    def terms(self, amp: float, b: float, e: float) -> Terms:
        """Return the terms of a score of this frame; `b` below 1 rewards clusters, `amp` above 1 detail."""
        size, columns = max(self.total, 1.0), self.columns
        floor = self.spread * max(LEAST_VARIANCE, size ** -min(2.0, (columns + 2) / columns))
        price = (columns + 2) / 2 * log(size) + columns * log(b)
        return Terms(amp**0.25 * e / 2, e, self.spread, self.grain, floor, self.total, price)

    def of_sample(self, total: float) -> Yardstick:
        """Return the same measures for a sample of some mass."""
        return replace(self, total=total)


@kernel
def pooled_variance(loss: float, terms: Terms) -> float:
    """Return s_p^2 of cells whose squared distances sum to `loss`."""
    return max(terms.floor, (loss / terms.total + terms.grain) / terms.e)


@kernel
def cell_score(mass: float, loss: float, pooled: float, terms: Terms) -> float:
    """Return what a cell of some mass (above 0) and loss adds to the score, without its price."""
    variance = (loss / terms.e + mass * terms.grain / terms.e + DRAWN * pooled) / (mass + DRAWN)
    variance = max(terms.floor, variance)
    return float(mass * (np.log(mass / terms.total) - terms.weight * np.log(variance / terms.spread)))


@kernel
def total_score(mass: Doubles, loss: Doubles, terms: Terms) -> float:
    """Return the score of cells (k,); those without mass do not count."""
    pooled = pooled_variance(loss.sum(), terms)
    score = 0.0
    for j in range(mass.shape[0]):
        if mass[j] > 0.0:
            score += cell_score(mass[j], loss[j], pooled, terms) - terms.price
    return score


@kernel
def merged_loss(mass: Doubles, means: Doubles, loss: Doubles, a: int, b: int) -> float:
    """Return the loss of two cells as one (Ward)."""
    apart = 0.0
    for j in range(means.shape[1]):
        gap = means[a, j] - means[b, j]
        apart += gap * gap
    return float(loss[a] + loss[b] + mass[a] * mass[b] / (mass[a] + mass[b]) * apart)


@kernel
def merge_gain(
    mass: Doubles, means: Doubles, loss: Doubles, a: int, b: int, pooled: float, terms: Terms
) -> float:
    """Return what the score gains when two cells become one, at the pooled variance of before."""
    both = cell_score(mass[a] + mass[b], merged_loss(mass, means, loss, a, b), pooled, terms)
    apart = cell_score(mass[a], loss[a], pooled, terms) + cell_score(mass[b], loss[b], pooled, terms)
    return both - apart + terms.price


@kernel
def merge_gains(mass: Doubles, means: Doubles, loss: Doubles, terms: Terms) -> Doubles:
    """Return the gain (k, k) of merging each pair, above the diagonal; elsewhere minus infinity."""
    k = mass.shape[0]
    gains = np.full((k, k), -np.inf)
    pooled = pooled_variance(loss.sum(), terms)
    for a in range(k):
        for b in range(a + 1, k):
            gains[a, b] = merge_gain(mass, means, loss, a, b, pooled, terms)
    return gains
