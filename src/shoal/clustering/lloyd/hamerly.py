"""Assign rows with bounds on their distances, so that most rows need no search once centres move little.

Each row has an upper bound on the distance to its own centre and a lower one on the distance to any other.
Both are widened by how far the centres move; while the upper is below the lower, or below half the distance
from the own centre to the nearest other, the label cannot have changed (Hamerly 2010). Bounds are float64 and
rounded outwards, with a margin for the rounding of scores:

    margin = eps (d + 8) / 2 (|x|^2 + 2 max |c|^2)

which covers a sum of d products, the rounding of a centre and of the centring. float32 rows whose two least
scores are closer than two margins are decided again in float64 from the rows as given: so float32 rows get
the labels that float64 would give them.
"""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.centre_tile import LANE_VECTORS, LISTED_ROWS, nearest_of_listed
from shoal.clustering.kernels.jit import kernel, summing_kernel
from shoal.clustering.kernels.packing import Doubles, Floats
from shoal.clustering.kernels.vector import fetch_row
from shoal.clustering.lloyd.passes import Integers, Labels

SPAN = 1024
FETCH_AHEAD = 12
OUT, IN = 1.0 + 2.0**-50, 1.0 - 2.0**-50


@kernel
def pack_lanes(centres: Doubles, packed: Floats, norms: Floats) -> float:
    """Pack centres (k, d) for `nearest_of_listed`; return the largest |c|^2."""
    k, d = centres.shape
    vectors = packed.shape[0] * LANE_VECTORS
    width = packed.shape[2] // LANE_VECTORS
    packed[:] = 0.0
    norms[:] = np.inf
    largest = 0.0
    for c in range(k):
        lane, vector = c // vectors, c % vectors
        block, place = vector // LANE_VECTORS, vector % LANE_VECTORS * width + lane
        norm = 0.0
        for j in range(d):
            packed[block, j, place] = centres[c, j]
            rounded = np.float64(packed[block, j, place])
            norm += rounded * rounded
            packed[block, j, place] *= -2.0
        norms[block, place] = norm
        largest = max(largest, norm)
    return largest


@summing_kernel
def square_norms(rows: Floats, norms: Doubles) -> None:
    """Write |x|^2 of each row (n,)."""
    for i in range(rows.shape[0]):
        norms[i] = 0.0
        for j in range(rows.shape[1]):
            value = np.float64(rows[i, j])
            norms[i] += value * value


@summing_kernel
def square_distance(rows: Floats, i: int, centres: Doubles, c: int) -> float:
    """Return the squared distance of a row to a centre, neither centred, in float64."""
    total = 0.0
    for j in range(rows.shape[1]):
        gap = np.float64(rows[i, j]) - centres[c, j]
        total += gap * gap
    return total


@kernel
def half_gaps(centres: Doubles, gaps: Doubles) -> None:
    """Write half the distance (k,) of each centre to the nearest other, rounded inwards."""
    k = centres.shape[0]
    gaps[:] = np.inf
    for a in range(k):
        for b in range(a):
            gap = square_distance(centres, a, centres, b)
            gaps[a] = min(gaps[a], gap)
            gaps[b] = min(gaps[b], gap)
    for a in range(k):
        gaps[a] = 0.5 * np.sqrt(gaps[a]) * (1.0 - 1e-13)


@kernel
def _widen(
    first: int, end: int, labels: Labels, moves: Doubles, gaps: Doubles, bounds: Doubles, listed: Integers
) -> int:
    """Widen the bounds of rows by the centres' moves, and list those whose bounds cross; return how many."""
    far = np.argmax(moves)
    most, next_most = moves[far] * (1.0 + 1e-13), 0.0
    for c in range(moves.shape[0]):
        if c != far:
            next_most = max(next_most, moves[c] * (1.0 + 1e-13))
    count = 0
    for i in range(first, end):
        c = labels[0, i]
        upper = (bounds[0, i] + moves[c] * (1.0 + 1e-13)) * OUT
        lower = max(bounds[1, i] - (next_most if c == far else most), 0.0) * IN
        bounds[0, i], bounds[1, i] = upper, lower
        listed[count] = i
        count += upper > max(lower, gaps[c])
    return count


@kernel
def _tighten(
    centred: Floats,
    square: Doubles,
    eps: float,
    centres: Doubles,
    labels: Labels,
    gaps: Doubles,
    bounds: Doubles,
    listed: Integers,
    count: int,
) -> int:
    """Compute the upper bounds of listed rows, and keep those that still cross; return how many."""
    kept = 0
    for at in range(count):
        fetch_row(centred, listed[min(at + FETCH_AHEAD, count - 1)])
        i = listed[at]
        c = labels[0, i]
        distance = np.sqrt(square_distance(centred, i, centres, c)) * (1.0 + 1e-13)
        bounds[0, i] = distance + eps * np.sqrt(square[i])
        listed[kept] = i
        kept += bounds[0, i] > max(bounds[1, i], gaps[c])
    return kept


@kernel
def _decide(rows: Floats, i: int, centres: Doubles) -> tuple[int, float, float]:
    """Return the nearest centre of a row, and its and the second's squared distances, in float64."""
    nearest, best, second = 0, np.inf, np.inf
    for c in range(centres.shape[0]):
        distance = square_distance(rows, i, centres, c)
        if distance < best:
            nearest, best, second = c, distance, best
        else:
            second = min(second, distance)
    return nearest, best, second


@kernel
def _bound(
    rows: Floats, square: Doubles, largest: float, eps: float, given: Doubles, listed: Integers, count: int,
    nearest: Labels, scores: Floats, bounds: Doubles,
) -> None:  # fmt: skip
    """Set the bounds of listed rows from their scores; decide close float32 ones again."""
    half = 0.5 * eps * (rows.shape[1] + 8)
    for at in range(count):
        i = listed[at]
        margin = half * (square[i] + 2.0 * largest)
        best = np.float64(scores[0, at]) + square[i]
        second = np.float64(scores[1, at]) + square[i]
        bounds[0, i] = np.sqrt(max(best + margin, 0.0)) * OUT
        bounds[1, i] = np.sqrt(max(second - margin, 0.0)) * IN
    if rows.itemsize == 4:
        for at in range(count):
            i = listed[at]
            margin = half * (square[i] + 2.0 * largest)
            if scores[1, at] - scores[0, at] < 2.0 * margin:
                nearest[at], best, second = _decide(rows, i, given)
                bounds[0, i] = np.sqrt(best) * (1.0 + 1e-13)
                bounds[1, i] = np.sqrt(second) * (1.0 - 1e-13)


@kernel
def _relabel(
    centred: Floats, weights: Doubles, listed: Integers, count: int, nearest: Labels, keep_sums: bool,
    labels: Labels, sums: Doubles, counts: Integers,
) -> int:  # fmt: skip
    """Give listed rows their new labels, and move those that changed between the sums; return how many."""
    d = centred.shape[1]
    changes = 0
    for at in range(count):
        i, new = listed[at], nearest[at]
        old = labels[0, i]
        if new == old:
            continue
        labels[0, i] = new
        changes += 1
        if keep_sums:
            weight = weights[i] if weights.shape[0] > 0 else 1.0
            for j in range(d):
                value = weight * np.float64(centred[i, j])
                sums[old, j] -= value
                sums[new, j] += value
            sums[old, d] -= weight
            sums[new, d] += weight
            if weights.shape[0] > 0:
                counts[old] -= weight > 0.0
                counts[new] += weight > 0.0
    return changes


@kernel
def assign_bounded(
    rows: Floats, centred: Floats, square: Doubles, weights: Doubles, spans: Integers,
    chunks: tuple[int, int], packed: Floats, norms: Floats, largest: float, centres: Doubles, given: Doubles,
    moves: Doubles, gaps: Doubles, bounds: Doubles, bounded: bool, keep_sums: bool, labels: Labels,
    sums: Doubles, counts: Integers,
) -> int:  # fmt: skip
    """Assign the rows of chunks `chunks[0]` up to `chunks[1]`; return how many labels changed.

    `rows` as given and `centred` (n, d); `square` |x|^2 of the centred; `spans` the first row of each chunk;
    `packed` and `norms` as from `pack_lanes`, `largest` its result; `centres` centred, and as `given`;
    `bounds` (2, n) upper and lower, made anew for rows that are searched; used only if `bounded`. `sums` and
    `counts` as in `passes`.
    """
    eps = 2.0**-23 if rows.itemsize == 4 else 2.0**-52
    room = SPAN + 2 * LISTED_ROWS
    listed = np.empty(room, np.int64)
    nearest = np.empty(room, np.int32)
    scores = np.empty((2, room), rows.dtype)
    changes = 0
    for chunk in range(chunks[0], chunks[1]):
        for first in range(spans[chunk], spans[chunk + 1], SPAN):
            end = min(first + SPAN, spans[chunk + 1])
            count = end - first
            for at in range(count):
                listed[at] = first + at
            if bounded:
                count = _widen(first, end, labels, moves, gaps, bounds, listed)
                if 2 * count < end - first:
                    count = _tighten(centred, square, eps, centres, labels, gaps, bounds, listed, count)
            listed[count : count + 2 * LISTED_ROWS] = first
            for at in range(0, count, LISTED_ROWS):
                nearest_of_listed(centred, listed, packed, norms, nearest, scores, at)
            _bound(rows, square, largest, eps, given, listed, count, nearest, scores, bounds)
            changes += _relabel(
                centred, weights, listed, count, nearest, keep_sums, labels, sums[chunk, 0], counts[chunk]
            )
    return changes


def lane_room(k: int, features: int, lanes: int) -> tuple[int, int, int]:
    """Return the shape of `k` centres packed for `nearest_of_listed`."""
    width = LANE_VECTORS * lanes
    return -(-k // width), features, width


def padding(k: int, lanes: int) -> float:
    """Return how many times more centres are searched than there are."""
    return float(lane_room(k, 1, lanes)[0] * LANE_VECTORS * lanes / k)
