"""Draw rows at random so that neither their order nor repeating instead of weighting them matters.

Drawing by a running sum over the rows as they lie would make the outcome depend on their order. Here the
running sum follows a hash of what the rows hold: equal rows lie side by side wherever they came from, so a
row of weight three and the same row given three times are drawn by the same random numbers. A full sort is
not needed: masses are summed by the leading bits of the hashes, then by the next bits within the part hit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]

PARTS = 1024
PART_SHIFT = np.uint64(54)
STEP_BITS = 9
STEP_MASK = np.uint64(511)
SPREAD = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)
FOLD = np.uint64(32)


@kernel
def _hash_words(words: NDArray[Any], hashes: Hashes) -> None:
    n, d = words.shape
    for i in range(n):
        h = np.uint64(d)
        for j in range(d):
            h = (h ^ np.uint64(words[i, j])) * SPREAD
            h ^= h >> FOLD
        h *= MIX
        hashes[i] = h ^ (h >> FOLD)


def hash_rows(rows: NDArray[np.floating[Any]]) -> Hashes:
    """Return a 64-bit hash of each row (n,) of a C-contiguous float array; 0.0 and -0.0 are alike."""
    words = (rows + rows.dtype.type(0)).view(np.dtype(f"u{rows.dtype.itemsize}"))
    hashes = np.empty(rows.shape[0], np.uint64)
    _hash_words(words, hashes)
    return hashes


@kernel
def order_by_part(hashes: Hashes, order: Rows, starts: Rows) -> None:
    """Write the rows ordered by the leading bits of their hashes, and where each part starts (PARTS + 1)."""
    starts[:] = 0
    for i in range(hashes.shape[0]):
        starts[np.int64(hashes[i] >> PART_SHIFT) + 1] += 1
    for p in range(PARTS):
        starts[p + 1] += starts[p]
    place = starts.copy()
    for i in range(hashes.shape[0]):
        part = np.int64(hashes[i] >> PART_SHIFT)
        order[place[part]] = i
        place[part] += 1


@kernel
def mass_by_part(hashes: Hashes, masses: Doubles, by_part: Doubles) -> float:
    """Write the sum of the rows' masses in each part (PARTS,); return their total."""
    by_part[:] = 0.0
    for i in range(hashes.shape[0]):
        by_part[np.int64(hashes[i] >> PART_SHIFT)] += masses[i]
    total = 0.0
    for p in range(PARTS):
        total += by_part[p]
    return total


@kernel
def _hit(sums: Doubles, target: float) -> tuple[int, float]:
    """Return where a running sum passes the target, and what of the target is left there."""
    last, left = 0, 0.0
    for p in range(sums.shape[0]):
        if sums[p] > 0.0:
            if target < sums[p]:
                return p, target
            last, left = p, sums[p]
            target -= sums[p]
    return last, left


@kernel
def draw_row(
    hashes: Hashes, order: Rows, starts: Rows, masses: Doubles, by_part: Doubles, target: float
) -> int:
    """Return the row at which the running sum of masses, in the order of hashes, passes the target.

    0 <= target < the sum of the masses, which is more than 0.
    """
    part, target = _hit(by_part, target)
    rows = order[starts[part] : starts[part + 1]].copy()
    count = rows.shape[0]
    shift = PART_SHIFT
    sums = np.empty(1 << STEP_BITS)
    while count > 1 and shift > 0:
        shift -= np.uint64(STEP_BITS)
        sums[:] = 0.0
        for i in range(count):
            sums[np.int64((hashes[rows[i]] >> shift) & STEP_MASK)] += masses[rows[i]]
        step, target = _hit(sums, target)
        kept = 0
        for i in range(count):
            if np.int64((hashes[rows[i]] >> shift) & STEP_MASK) == step:
                rows[kept] = rows[i]
                kept += 1
        count = kept
    for i in range(count):
        if masses[rows[i]] > 0.0:
            return int(rows[i])
    return int(rows[0])
