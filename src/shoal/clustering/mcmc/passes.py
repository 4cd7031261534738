"""Find the cells of a proposed set of centres, touching only rows whose bounds do not decide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel, summing_kernel
from shoal.clustering.kernels.packing import Doubles

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Labels = NDArray[np.int32]

# Bounds are widened by this share of themselves, so that rounding cannot make one that does not hold.
SLACK = 1e-12
# Farther than anything; finite, so that it can be written into a snapshot.
FAR = 1e300
FAR_OFF = 1e150  # a coordinate whose square is as far
LANES = 8  # numbers in a vector


@summing_kernel
def distance(first: Doubles, second: Doubles) -> float:
    """Return the Euclidean distance of two vectors."""
    total = 0.0
    for j in range(first.shape[0]):
        gap = first[j] - second[j]
        total += gap * gap
    return float(np.sqrt(total))


@kernel
def plan_pass(
    before: Doubles,
    centres: Doubles,
    kept: Flags,
    added: Flags,
    living: Places,
    rise: Doubles,
    sink: Doubles,
    away: Doubles,
    widest: Doubles,
) -> tuple[Doubles, Flags]:
    """Move the bounds of kept cells as far as their centres move.

    Returns half the distance from each centre to the nearest other, and which slots' rows need no look:
    kept ones whose widest row is nearer than that, and slots that were empty all along.
    """
    room = centres.shape[0]
    half, still = np.full(room, FAR), np.zeros(room, np.bool_)
    for a in range(living.shape[0]):
        for b in range(a):
            gap = 0.5 * distance(centres[living[a]], centres[living[b]]) * (1.0 - SLACK)
            half[living[a]] = min(half[living[a]], gap)
            half[living[b]] = min(half[living[b]], gap)
    shifts = np.zeros(room)
    for j in range(room):
        if kept[j]:
            shifts[j] = distance(before[j], centres[j]) * (1.0 + SLACK)
    far = np.argmax(shifts)
    for j in range(room):
        if kept[j]:
            others = shifts[far]
            if j == far:
                others = 0.0
                for i in range(room):
                    if i != j:
                        others = max(others, shifts[i])
            rise[j] += shifts[j]
            sink[j] += others
            away[j] -= shifts[j] + others
            for i in range(room):
                if added[i]:
                    away[j] = min(away[j], distance(centres[j], centres[i]) * (1.0 - SLACK))
            still[j] = widest[j] + rise[j] <= half[j]
    return half, still


@kernel
def nearest_two(row: Doubles, across: Doubles, gaps: Doubles) -> tuple[int, float, float]:
    """Return the nearest centre, its distance and that of the next; `across` (d, k), `gaps` (k,) is scratch.

    Of equally near ones it is the first. The inner loop is over centres, so no sum need be reordered.
    """
    d, k = across.shape
    for j in range(k):
        gaps[j] = 0.0
    for column in range(d):
        value = row[column]
        for j in range(k):
            gap = value - across[column, j]
            gaps[j] += gap * gap
    best, least, second = 0, FAR, FAR
    for j in range(k):
        value = gaps[j]
        second = min(second, max(value, least))
        best = j if value < least else best
        least = min(least, value)
    return best, np.sqrt(least), np.sqrt(second)


@kernel
def _across(centres: Doubles, living: Places) -> Doubles:
    """Return the living centres (d, k), k filled up to whole vectors with far ones."""
    table = np.full((centres.shape[1], -(-living.shape[0] // LANES) * LANES), FAR_OFF)
    for j in range(living.shape[0]):
        for column in range(centres.shape[1]):
            table[column, j] = centres[living[j], column]
    return table


@summing_kernel
def _move_row(row: Doubles, weight: float, slot: int, mass: Doubles, sums: Doubles, inner: Doubles) -> None:
    length = 0.0
    for column in range(row.shape[0]):
        sums[slot, column] += weight * row[column]
        length += row[column] * row[column]
    mass[slot] += weight
    inner[slot] += weight * length


@kernel
def pass_rows(
    rows: Doubles,
    weights: Doubles,
    labels: Labels,
    upper: Doubles,
    lower: Doubles,
    centres: Doubles,
    living: Places,
    kept: Flags,
    still: Flags,
    half: Doubles,
    rise: Doubles,
    sink: Doubles,
    away: Doubles,
    widest: Doubles,
    mass: Doubles,
    sums: Doubles,
    inner: Doubles,
    places: Places,
    old_labels: Labels,
    old_upper: Doubles,
    old_lower: Doubles,
) -> int:
    """Give rows to their nearest centre, keep sums and bounds; return how many rows were overwritten."""
    across = _across(centres, living)
    gaps = np.empty(across.shape[1])
    written = 0
    for i in range(labels.shape[0]):
        slot = labels[i]
        if slot >= 0 and still[slot]:
            continue
        if slot >= 0 and kept[slot]:
            reach = upper[i] + rise[slot]
            if reach <= half[slot] or reach <= min(lower[i] - sink[slot], away[slot] - reach):
                widest[slot] = max(widest[slot], upper[i])
                continue
        places[written], old_labels[written] = i, slot
        old_upper[written], old_lower[written] = upper[i], lower[i]
        written += 1
        if slot >= 0 and kept[slot]:
            reach = distance(rows[i], centres[slot]) * (1.0 + SLACK)
            if reach <= half[slot] or reach <= min(lower[i] - sink[slot], away[slot] - reach):
                upper[i] = reach - rise[slot]
                widest[slot] = max(widest[slot], upper[i])
                continue
        best, least, second = nearest_two(rows[i], across, gaps)
        new = living[best]
        upper[i] = least * (1.0 + SLACK) - rise[new]
        lower[i] = second * (1.0 - SLACK) + sink[new]
        widest[new] = max(widest[new], upper[i])
        if new != slot or not kept[new]:
            labels[i] = new
            _move_row(rows[i], weights[i], new, mass, sums, inner)
            if slot >= 0 and kept[slot]:
                _move_row(rows[i], -weights[i], slot, mass, sums, inner)
    return written
