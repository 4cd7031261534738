"""What splitting one cluster and merging two others would gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussian_kernels import expand
from shoal.clustering.jit import exact_kernel, kernel
from shoal.clustering.likelihood_kernels import maximise
from shoal.clustering.tile import TILE_CENTRES

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

    `members`, `counts` and `sums` are of the halves.
    """
    k = splits.shape[0]
    some = np.empty(k + 1, np.int64)
    mass = np.empty(k + 1)
    total = np.empty((k + 1, sums.shape[1]))
    constants = np.empty((k + TILE_CENTRES) // TILE_CENTRES * TILE_CENTRES)
    slopes = np.empty((constants.shape[0] // TILE_CENTRES, sums.shape[1], TILE_CENTRES))
    for a in range(k):
        some[a] = members[2 * a] + members[2 * a + 1]
        mass[a] = counts[2 * a] + counts[2 * a + 1]
        total[a] = sums[2 * a] + sums[2 * a + 1]
    some[k] = 0
    mass[k] = 0.0
    now, _ = maximise(kind, shape, moment, floor, some, mass, total, constants, slopes, work)
    for a in range(k):
        for b in range(a):
            merges[a, b] = merges[b, a] = 0.0
            if some[a] > 0 and some[b] > 0:
                kept = (some[b], mass[b], total[b].copy(), some[a], mass[a], total[a].copy())
                some[a] += kept[0]
                mass[a] += kept[1]
                total[a] += kept[2]
                some[b] = 0
                after, _ = maximise(kind, shape, moment, floor, some, mass, total, constants, slopes, work)
                merges[a, b] = merges[b, a] = now - after
                some[b], mass[b], some[a], mass[a] = kept[0], kept[1], kept[3], kept[4]
                total[b], total[a] = kept[2], kept[5]
        splits[a] = -np.inf
        if members[2 * a] > 0 and members[2 * a + 1] > 0:
            some[a], mass[a], total[a] = members[2 * a], counts[2 * a], sums[2 * a]
            some[k], mass[k], total[k] = members[2 * a + 1], counts[2 * a + 1], sums[2 * a + 1]
            after, _ = maximise(kind, shape, moment, floor, some, mass, total, constants, slopes, work)
            splits[a] = after - now
            some[a] += some[k]
            mass[a] += mass[k]
            total[a] += total[k]
            some[k] = 0
            mass[k] = 0.0
