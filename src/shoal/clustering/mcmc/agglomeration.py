"""Merge cells pair by pair, the pair that gains most first, and find the best level on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.score import Terms, merge_gain, merge_gains, pooled_variance, total_score

Places = NDArray[np.int64]


@kernel
def _best_partner(gains: Doubles, a: int, alive: NDArray[np.bool_]) -> int:
    best = -1
    for b in range(a + 1, alive.shape[0]):
        if alive[b] and (best < 0 or gains[a, b] > gains[a, best]):
            best = b
    return best


@kernel
def _best_pair(gains: Doubles, partners: Places, alive: NDArray[np.bool_]) -> tuple[int, int]:
    first = -1
    for a in range(alive.shape[0]):
        found = alive[a] and partners[a] >= 0
        if found and (first < 0 or gains[a, partners[a]] > gains[first, partners[first]]):
            first = a
    return first, partners[first]


@kernel
def _merge(mass: Doubles, means: Doubles, loss: Doubles, a: int, b: int) -> None:
    """Put b's rows into a, and leave b without mass."""
    both, apart = mass[a] + mass[b], 0.0
    for j in range(means.shape[1]):
        gap = means[a, j] - means[b, j]
        apart += gap * gap
        means[a, j] = (mass[a] * means[a, j] + mass[b] * means[b, j]) / both
    loss[a] += loss[b] + mass[a] * mass[b] / both * apart
    mass[a], mass[b], loss[b] = both, 0.0, 0.0


@kernel
def merge_path(
    mass: Doubles, means: Doubles, loss: Doubles, pooled: float, terms: Terms
) -> tuple[Places, Doubles]:
    """Merge k cells down to one; return the pairs (k - 1, 2) in order and the score (k,) of every level.

    Pairs are compared at one pooled variance; levels are scored at their own. The cells stay as they are.
    """
    mass, means, loss = mass.copy(), means.copy(), loss.copy()
    k = mass.shape[0]
    gains = merge_gains(mass, means, loss, terms)
    alive, partners = np.ones(k, np.bool_), np.zeros(k, np.int64)
    for a in range(k):
        partners[a] = _best_partner(gains, a, alive)
    pairs, scores = np.zeros((k - 1, 2), np.int64), np.zeros(k)
    scores[0] = total_score(mass, loss, terms)
    for step in range(k - 1):
        a, b = _best_pair(gains, partners, alive)
        pairs[step, 0], pairs[step, 1] = a, b
        _merge(mass, means, loss, a, b)
        alive[b] = False
        scores[step + 1] = total_score(mass, loss, terms)
        for i in range(k):
            if alive[i] and i != a:
                low, high = min(i, a), max(i, a)
                gains[low, high] = merge_gain(mass, means, loss, low, high, pooled, terms)
        for i in range(b):
            if alive[i]:
                if i == a or partners[i] == a or partners[i] == b:
                    partners[i] = _best_partner(gains, i, alive)
                elif i < a and gains[i, a] > gains[i, partners[i]]:
                    partners[i] = a
    return pairs, scores


@dataclass(frozen=True)
class Level:
    """Hold a level of a merge path: the group (m,) of every cell it began with, and what its cells are."""

    groups: NDArray[np.int64]
    mass: Doubles
    means: Doubles
    loss: Doubles
    gain: float

    @property
    def count(self) -> int:
        """Return the number of groups."""
        return len(self.mass)


def best_level(mass: Doubles, means: Doubles, loss: Doubles, pooled: float, terms: Terms, most: int) -> Level:
    """Return the level of highest score with at most `most` groups; `gain` is over the cells as given."""
    pairs, scores = merge_path(mass, means, loss, pooled, terms)
    first = max(len(mass) - most, 0)
    steps = first + int(np.argmax(scores[first:]))
    root = np.arange(len(mass))
    for a, b in pairs[:steps]:
        root[root == b] = a
    groups = np.unique(root, return_inverse=True)[1]
    return _gathered(groups, mass, means, loss, float(scores[steps] - scores[0]))


def _gathered(groups: Places, mass: Doubles, means: Doubles, loss: Doubles, gain: float) -> Level:
    """Sum cells by group."""
    k = int(groups.max()) + 1
    masses: Doubles = np.bincount(groups, mass, k).astype(np.float64)
    centres = np.zeros((k, means.shape[1]))
    np.add.at(centres, groups, mass[:, None] * means)
    centres /= masses[:, None]
    apart = np.square(means - centres[groups]).sum(axis=1)
    losses: Doubles = np.bincount(groups, loss + mass * apart, k).astype(np.float64)
    return Level(groups, masses, centres, losses, gain)


def start_pooled(loss: Doubles, terms: Terms) -> float:
    """Return the pooled variance of cells as given."""
    return float(pooled_variance(float(loss.sum()), terms))
