"""Bring centres to where the rows are now: jump to rows that moved, and swap a merge for a split.

Only recent rows are looked at: what was learned before does not hold a centre back. A swap merges the two
centres that cost least to merge and gives the one set free to the cluster that gains most by a split, if that
gains more than twice as much.
"""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.online.learning import label
from shoal.clustering.online.splitting import Places, split, square_gap

MARGIN = 2.0
NOISE = 16.0 * 2.0**-104


@kernel
def _survey(
    rows: Doubles, weights: Doubles, labels: Places, centres: Doubles, counts: Doubles, means: Doubles,
    scatter: Doubles,
) -> None:  # fmt: skip
    """Write the mass, the mean and the scatter about it of each centre's rows."""
    counts[:] = 0.0
    means[:] = 0.0
    scatter[:] = 0.0
    k, d = centres.shape
    for i in range(rows.shape[0]):
        c = labels[i]
        weight = weights[i] if weights.shape[0] > 0 else 1.0
        counts[c] += weight
        for j in range(d):
            gap = rows[i, j] - centres[c, j]
            means[c, j] += weight * gap
            scatter[c] += weight * gap * gap
    for c in range(k):
        for j in range(d):
            shift = means[c, j] / counts[c] if counts[c] > 0.0 else 0.0
            means[c, j] = centres[c, j] + shift
            scatter[c] -= counts[c] * shift * shift


@kernel
def _jump(centres: Doubles, masses: Doubles, counts: Doubles, means: Doubles, scatter: Doubles) -> int:
    """Move centres that their recent rows have left to the mean of these; return how many."""
    jumps = 0
    for c in range(centres.shape[0]):
        if counts[c] > 0.0:
            noise = NOISE * square_gap(centres, c, np.zeros(centres.shape[1]))
            if square_gap(centres, c, means[c]) > max(scatter[c], 0.0) / counts[c] + noise:
                centres[c] = means[c]
                masses[c] = counts[c]
                jumps += 1
    return jumps


@kernel
def _cheapest(centres: Doubles, counts: Doubles, without: int) -> tuple[int, int, float]:
    """Return the pair that costs least to merge, but for one centre, and its price; -1, -1 if there is none.

    A centre without recent rows is free: it is returned as both.
    """
    k = centres.shape[0]
    for c in range(k):
        if counts[c] == 0.0 and c != without:
            return c, c, 0.0
    first, second, least = -1, -1, np.inf
    for a in range(k):
        for b in range(a):
            if a == without or b == without:
                continue
            price = counts[a] * counts[b] / (counts[a] + counts[b]) * square_gap(centres, a, centres[b])
            if price < least:
                first, second, least = b, a, price
    return first, second, least


@kernel
def _by_cluster(labels: Places, k: int, order: Places, starts: Places) -> None:
    """Write the places of rows ordered by cluster, and where each cluster starts (k + 1)."""
    starts[:] = 0
    for c in labels:
        starts[c + 1] += 1
    for c in range(k):
        starts[c + 1] += starts[c]
    place = starts.copy()
    for i in range(labels.shape[0]):
        order[place[labels[i]]] = i
        place[labels[i]] += 1


@kernel
def _best_split(
    rows: Doubles, weights: Doubles, labels: Places, means: Doubles, scatter: Doubles, prices: Doubles,
    children: Doubles, shares: Doubles,
) -> int:  # fmt: skip
    """Write the children and masses of the best split; return the cluster, -1 if none is worth it."""
    k, d = means.shape
    order, starts = np.empty(labels.shape[0], np.int64), np.empty(k + 1, np.int64)
    _by_cluster(labels, k, order, starts)
    best, most = -1, 0.0
    pair, masses = np.empty((2, d)), np.zeros(2)
    for c in range(k):
        least = max(MARGIN * prices[c], most)
        if scatter[c] > least:
            gain = split(rows, weights, order[starts[c] : starts[c + 1]], means[c], least, pair, masses)
            if gain > least:
                best, most = c, gain
                children[:] = pair
                shares[:] = masses
    return best


@kernel
def _swap(
    centres: Doubles, masses: Doubles, counts: Doubles, parent: int, pair: tuple[int, int], children: Doubles,
    shares: Doubles,
) -> None:  # fmt: skip
    """Merge a pair, and give the centre set free to a split; masses are shared as recent rows are."""
    kept, free = pair
    if counts[kept] < counts[free]:
        kept, free = free, kept
    total = counts[kept] + counts[free]
    if counts[free] > 0.0:
        for j in range(centres.shape[1]):
            centres[kept, j] = (counts[kept] * centres[kept, j] + counts[free] * centres[free, j]) / total
        masses[kept] += masses[free]
    whole = masses[parent]
    centres[parent], centres[free] = children[0], children[1]
    masses[parent] = whole * shares[0] / shares.sum()
    masses[free] = whole * shares[1] / shares.sum()


@kernel
def _swap_once(
    rows: Doubles, weights: Doubles, labels: Places, centres: Doubles, masses: Doubles, counts: Doubles,
    means: Doubles, scatter: Doubles,
) -> bool:  # fmt: skip
    """Do the best swap if it is worth it; return whether one was done."""
    k, d = centres.shape
    a, b, least = _cheapest(centres, counts, -1)
    if a < 0 or MARGIN * least >= scatter.max():
        return False
    prices = np.full(k, least)
    for c in (a, b):
        prices[c] = _cheapest(centres, counts, c)[2]
    children, shares = np.empty((2, d)), np.empty(2)
    parent = _best_split(rows, weights, labels, means, scatter, prices, children, shares)
    if parent < 0:
        return False
    if parent in (a, b):
        a, b, least = _cheapest(centres, counts, parent)
    _swap(centres, masses, counts, parent, (a, b), children, shares)
    return True


@kernel
def adapt(
    rows: Doubles, weights: Doubles, centres: Doubles, masses: Doubles, table: Doubles
) -> tuple[int, int]:
    """Let centres (k, d) and their masses (k,) follow recent rows (n, d); return the jumps and the swaps.

    `weights` (n,), or empty for 1 each; `table` is one of the centres, and is one at the end.
    """
    k, d = centres.shape
    labels = np.empty(rows.shape[0], np.int64)
    counts, means, scatter = np.empty(k), np.empty((k, d)), np.empty(k)
    jumps, swaps = 0, 0
    for _ in range(2 * k + 2):
        label(rows, table, labels)
        _survey(rows, weights, labels, centres, counts, means, scatter)
        jumped = _jump(centres, masses, counts, means, scatter)
        jumps += jumped
        if jumped == 0:
            if swaps >= k:
                break
            if not _swap_once(rows, weights, labels, centres, masses, counts, means, scatter):
                break
            swaps += 1
        for c in range(k):
            for j in range(d):
                table[j, c] = centres[c, j]
    return jumps, swaps
