"""What splitting one cluster and merging two others would gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.gaussian_kernels import expand
from shoal.clustering.gaussians.likelihood_kernels import maximise, spread_of
from shoal.clustering.kernels.jit import exact_kernel, kernel
from shoal.clustering.kernels.tile import TILE_CENTRES
from shoal.clustering.modes import TIED

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]
Counts = NDArray[np.int64]


@kernel
def collect(
    blocks: Doubles,
    weights: Doubles,
    kind: int,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    features: Doubles,
) -> None:
    """Count rows (k,), sum weights (k,) and features (k, F) by cluster, from nothing."""
    n = weights.shape[0]
    size = blocks.shape[2]
    members[:] = 0
    counts[:] = 0.0
    sums[:] = 0.0
    for b in range(blocks.shape[0]):
        expand(blocks, b, kind, features)
        for r in range(min(size, n - b * size)):
            label = labels[b, 0, r]
            weight = weights[b * size + r]
            members[label] += weight > 0.0
            counts[label] += weight
            for f in range(sums.shape[1]):
                sums[label, f] += weight * features[0, f, r]


@kernel
def halve(
    blocks: Doubles,
    weights: Doubles,
    kind: int,
    axes: Doubles,
    cuts: Doubles,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    features: Doubles,
) -> None:
    """Cut every cluster j at `cuts[j]` along `axes[j]`; its halves are 2 j and 2 j + 1 of the sums (2 k, F).

    Which half a row lies in is left in the second row of its block's labels.
    """
    n = weights.shape[0]
    size = blocks.shape[2]
    members[:] = 0
    counts[:] = 0.0
    sums[:] = 0.0
    for b in range(blocks.shape[0]):
        expand(blocks, b, kind, features)
        for r in range(min(size, n - b * size)):
            label = labels[b, 0, r]
            along = 0.0
            for c in range(blocks.shape[1]):
                along += axes[label, c] * blocks[b, c, r]
            side = 1 if along > cuts[label] else 0
            labels[b, 1, r] = side
            half = 2 * label + side
            weight = weights[b * size + r]
            members[half] += weight > 0.0
            counts[half] += weight
            for f in range(sums.shape[1]):
                sums[half, f] += weight * features[0, f, r]


@kernel
def move(labels: Labels, n: int, absorber: int, freed: int, split: int) -> None:
    """Merge the cluster `freed` into `absorber`, and give its number to the second half of `split`."""
    size = labels.shape[2]
    for i in range(n):
        b, r = i // size, i % size
        if labels[b, 0, r] == freed:
            labels[b, 0, r] = absorber
        elif labels[b, 0, r] == split and labels[b, 1, r] == 1:
            labels[b, 0, r] = freed


@exact_kernel
def _own(
    kind: int, shape: int, floor: Doubles, members: int, count: float, sums: Doubles, work: Doubles
) -> float:
    """Return what a cluster adds to the objective by itself, whatever the others are."""
    if members == 0:
        return 0.0
    _, log_determinant, trace = spread_of(kind, shape, floor, count, sums, work)
    return float(count * (np.log(count) - 0.5 * (log_determinant + trace)))


@exact_kernel
def _gains_apart(
    kind: int,
    shape: int,
    floor: Doubles,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    work: Doubles,
    splits: Doubles,
    merges: Doubles,
) -> None:
    """Do what `gains` does where every cluster has a covariance of its own, met once each."""
    k = splits.shape[0]
    some, mass, total = np.empty(k, np.int64), np.empty(k), np.empty((k, sums.shape[1]))
    whole = np.empty(k)
    for j in range(k):
        halves = 0.0
        for half in range(2 * j, 2 * j + 2):
            halves += _own(kind, shape, floor, members[half], counts[half], sums[half], work)
        some[j] = members[2 * j] + members[2 * j + 1]
        mass[j] = counts[2 * j] + counts[2 * j + 1]
        total[j] = sums[2 * j] + sums[2 * j + 1]
        whole[j] = _own(kind, shape, floor, some[j], mass[j], total[j], work)
        splits[j] = halves - whole[j] if members[2 * j] > 0 and members[2 * j + 1] > 0 else -np.inf
    for a in range(k):
        for b in range(a):
            both = whole[a] + whole[b]
            if some[a] > 0 and some[b] > 0:
                joined = total[a] + total[b]
                both = _own(kind, shape, floor, some[a] + some[b], mass[a] + mass[b], joined, work)
            merges[a, b] = merges[b, a] = whole[a] + whole[b] - both


@exact_kernel
def _pour(
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    source: int,
    some: Counts,
    mass: Doubles,
    total: Doubles,
    target: int,
    share: int,
) -> None:
    """Set (`share` 0) or add to (1) the sums of a cluster by those of another."""
    some[target] = share * some[target] + members[source]
    mass[target] = share * mass[target] + counts[source]
    for f in range(sums.shape[1]):
        total[target, f] = share * total[target, f] + sums[source, f]


@exact_kernel
def gains(
    kind: int,
    shape: int,
    moment: Doubles,
    floor: Doubles,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    work: Doubles,
    splits: Doubles,
    merges: Doubles,
) -> None:
    """Write what each split (k,) adds to the objective, and each merge of a > b (k, k) takes from it.

    `members`, `counts` and `sums` are of the halves. A covariance that all share is met anew in each
    trial, one of a cluster's own only once.
    """
    if kind != TIED:
        _gains_apart(kind, shape, floor, members, counts, sums, work, splits, merges)
        return
    k = splits.shape[0]
    some = np.zeros(k + 1, np.int64)
    mass = np.zeros(k + 1)
    total = np.zeros((k + 1, sums.shape[1]))
    constants = np.empty((k + TILE_CENTRES) // TILE_CENTRES * TILE_CENTRES)
    slopes = np.empty((constants.shape[0] // TILE_CENTRES, sums.shape[1], TILE_CENTRES))
    now = 0.0
    # The first trial changes nothing; the others merge b into a, or split a if b is the same.
    for trial in range(-1, k * (k + 1) // 2):
        a, b = -1, -1
        if trial >= 0:
            a = int((np.sqrt(8.0 * trial + 1.0) - 1.0) / 2.0)
            b = trial - a * (a + 1) // 2
        for j in range(k):
            _pour(members, counts, sums, 2 * j, some, mass, total, j, 0)
            if j != a or b != a:
                _pour(members, counts, sums, 2 * j + 1, some, mass, total, j, 1)
        some[k], mass[k] = 0, 0.0
        if a >= 0 and b == a:
            _pour(members, counts, sums, 2 * a + 1, some, mass, total, k, 0)
        elif a >= 0:
            _pour(some, mass, total, b, some, mass, total, a, 1)
            some[b], mass[b] = 0, 0.0
        value, _ = maximise(kind, shape, moment, floor, some, mass, total, constants, slopes, work)
        if a < 0:
            now = value
        elif a == b:
            possible = members[2 * a] > 0 and members[2 * a + 1] > 0
            splits[a] = value - now if possible else -np.inf
        else:
            merges[a, b] = merges[b, a] = now - value
