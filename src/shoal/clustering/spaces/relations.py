"""Cluster elements of which only the distances are known: K-Means without means.

With D2 the squared distances and w the weights of a cell's members, W their sum,

    loss L = sum_ij w_i w_j D2_ij / (2 W)
    squared distance of x to the middle = sum_j w_j D2_xj / W - L / W

which for vectors are what they are about the mean. So cells can be scored, merged, split, and their members
assigned anew without one element being averaged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.spaces.space import Doubles

Places = NDArray[np.int64]


class Relations(NamedTuple):
    """Squared distances (n, n) and weights (n,) of some elements."""

    squares: Doubles
    weights: Doubles

    def cells(self, labels: Places, k: int) -> tuple[Doubles, Doubles, Doubles]:
        """Return mass (k,), loss (k,), and the squared distance (n, k) of each element to each middle."""
        members = np.zeros((len(labels), k))
        members[np.arange(len(labels)), labels] = self.weights
        mass = members.sum(axis=0)
        held = np.maximum(mass, 1e-300)
        sums = self.squares @ members
        loss = (members * sums).sum(axis=0) / (2 * held)
        return mass, loss, sums / held - loss / held

    def reassigned(self, labels: Places, k: int, steps: int = 1) -> Places:
        """Return the nearest cell (n,) of each element, so many times; cells that lose all vanish."""
        for _ in range(steps):
            mass, _, apart = self.cells(labels, k)
            apart[:, mass <= 0] = np.inf
            after = apart.argmin(axis=1)
            if np.array_equal(after, labels):
                break
            labels = after
        return np.asarray(np.unique(labels, return_inverse=True)[1])

    def seeded(self, k: int, random: RandomState, among: Places | None = None) -> Places:
        """Return the nearest (n,) of at most k elements, drawn by squared distance from one another."""
        places = np.arange(len(self.weights)) if among is None else among
        squares, weights = self.squares[np.ix_(places, places)], self.weights[places]
        chosen = [int(random.choice(len(places), p=weights / weights.sum()))]
        while len(chosen) < k:
            chances = weights * squares[:, chosen].min(axis=1)
            if not chances.sum() > 0:
                break
            chosen.append(int(random.choice(len(places), p=chances / chances.sum())))
        return np.asarray(squares[:, chosen].argmin(axis=1))

    def prices(self, labels: Places, k: int) -> Doubles:
        """Return what merging each pair of cells adds to the loss (k, k)."""
        members = np.zeros((len(labels), k))
        members[np.arange(len(labels)), labels] = self.weights
        mass, loss, _ = self.cells(labels, k)
        between = members.T @ self.squares @ members
        both = loss[:, None] * mass[:, None] + loss * mass + between
        return np.asarray(both / np.maximum(mass[:, None] + mass, 1e-300) - loss[:, None] - loss)
