"""Bring a set of weighted centres down to fewer by merging those that lie nearest together."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles


@kernel
def _price(centres: Doubles, masses: Doubles, a: int, b: int) -> float:
    total = masses[a] + masses[b]
    if total == 0.0:
        return 0.0
    gap = 0.0
    for j in range(centres.shape[1]):
        gap += (centres[a, j] - centres[b, j]) ** 2
    return float(masses[a] * masses[b] / total * gap)


@kernel
def _merge_down(centres: Doubles, masses: Doubles, k: int) -> None:
    """Merge in place until the first `k` of the centres are left; the rest is what was in their places."""
    count = centres.shape[0]
    cheapest, partner = np.full(count, np.inf), np.zeros(count, np.int64)
    for a in range(count):
        for b in range(a):
            price = _price(centres, masses, a, b)
            if price < cheapest[a]:
                cheapest[a], partner[a] = price, b
    while count > k:
        a = int(np.argmin(cheapest[:count]))
        b = int(partner[a])
        total = masses[a] + masses[b]
        if total > 0.0:
            for j in range(centres.shape[1]):
                centres[b, j] = (masses[a] * centres[a, j] + masses[b] * centres[b, j]) / total
        masses[b] = total
        count -= 1
        for c in range(a, count):
            centres[c], masses[c] = centres[c + 1], masses[c + 1]
        for c in range(count):
            cheapest[c] = np.inf
            for other in range(c):
                price = _price(centres, masses, c, other)
                if price < cheapest[c]:
                    cheapest[c], partner[c] = price, other


def merged_down(centres: Doubles, masses: Doubles, k: int) -> tuple[Doubles, Doubles]:
    """Return `k` centres and their masses, made of more by the merges that cost least inertia (Ward 1963).

    A merged centre takes the place of the lower-numbered one; a centre without mass vanishes for nothing.
    """
    centres, masses = centres.copy(), masses.copy()
    if len(centres) > k:
        _merge_down(centres, masses, k)
    return centres[:k], masses[:k]
