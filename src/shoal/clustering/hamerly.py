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

from shoal.clustering.centre_tile import LANE_VECTORS, LISTED_ROWS, nearest_of_listed
from shoal.clustering.jit import kernel, summing_kernel
from shoal.clustering.packing import Doubles, Floats
from shoal.clustering.passes import Integers, Labels

SPAN = 1024
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
    rows: Floats,
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
        i = listed[at]
        c = labels[0, i]
        bounds[0, i] = np.sqrt(square_distance(rows, i, centres, c)) * (1.0 + 1e-13)
        listed[kept] = i
        kept += bounds[0, i] > max(bounds[1, i], gaps[c])
    return kept


@kernel
def _list_rows(
    first: int, end: int, rows: Floats, centres: Doubles, labels: Labels, moves: Doubles, gaps: Doubles,
    bounds: Doubles, bounded: bool, listed: Integers,
) -> int:  # fmt: skip
    """List the rows of a span that must be searched, and a few valid ones more; return how many must."""
    count = end - first
    if bounded:
        count = _widen(first, end, labels, moves, gaps, bounds, listed)
        if 2 * count < end - first:
            count = _tighten(rows, centres, labels, gaps, bounds, listed, count)
    else:
        for at in range(count):
            listed[at] = first + at
    listed[count : count + 2 * LISTED_ROWS] = first
    return count


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
def _relabel_row(
    rows: Floats,
    offset: Floats,
    i: int,
    weights: Doubles,
    old: int,
    new: int,
    sums: Doubles,
    counts: Integers,
) -> None:
    """Move a row from one cluster's sums to another's."""
    d = rows.shape[1]
    weight = weights[i] if weights.shape[0] > 0 else 1.0
    for j in range(d):
        value = weight * (np.float64(rows[i, j]) - np.float64(offset[j]))
        sums[old, j] -= value
        sums[new, j] += value
    sums[old, d] -= weight
    sums[new, d] += weight
    if weights.shape[0] > 0:
        counts[old] -= weight > 0.0
        counts[new] += weight > 0.0


@kernel
def assign_bounded(
    rows: Floats, centred: Floats, square: Doubles, offset: Floats, weights: Doubles, spans: Integers,
    chunks: tuple[int, int], packed: Floats, norms: Floats, largest: float, centres: Doubles, moves: Doubles,
    gaps: Doubles, bounds: Doubles, bounded: bool, keep_sums: bool, labels: Labels, sums: Doubles,
    counts: Integers,
) -> int:  # fmt: skip
    """Assign the rows of chunks `chunks[0]` up to `chunks[1]`; return how many labels changed.

    `rows` as given and `centred` (n, d); `square` |x|^2 of the centred; `spans` the first row of each chunk;
    `packed` and `norms` as from `pack_lanes`, `largest` its result; `centres` not centred; `bounds` (2, n)
    upper and lower, made anew for rows that are searched; used only if `bounded`. `sums` and `counts` as in
    `passes`.
    """
    d = rows.shape[1]
    single = rows.itemsize == 4
    eps = 2.0**-23 if single else 2.0**-52
    listed = np.empty(SPAN + 2 * LISTED_ROWS, np.int64)
    nearest = np.empty(LISTED_ROWS, np.int64)
    scores = np.empty((LISTED_ROWS, 2), rows.dtype)
    changes = 0
    for chunk in range(chunks[0], chunks[1]):
        for first in range(spans[chunk], spans[chunk + 1], SPAN):
            end = min(first + SPAN, spans[chunk + 1])
            count = _list_rows(first, end, rows, centres, labels, moves, gaps, bounds, bounded, listed)
            for at in range(0, count, LISTED_ROWS):
                nearest_of_listed(centred, listed, packed, norms, nearest, scores, at)
                for p in range(min(LISTED_ROWS, count - at)):
                    i = listed[at + p]
                    new, best, second = nearest[p], float(scores[p, 0]), float(scores[p, 1])
                    margin = 0.5 * eps * (d + 8) * (square[i] + 2.0 * largest)
                    if single and second - best < 2.0 * margin:
                        new, best, second = _decide(rows, i, centres)
                        margin = 1e-13 * min(second, 1e300)
                    else:
                        best += square[i]
                        second += square[i]
                    bounds[0, i] = np.sqrt(max(best + margin, 0.0)) * OUT
                    bounds[1, i] = np.sqrt(max(second - margin, 0.0)) * IN
                    old = labels[0, i]
                    if new != old:
                        labels[0, i] = new
                        changes += 1
                        if keep_sums:
                            _relabel_row(rows, offset, i, weights, old, new, sums[chunk, 0], counts[chunk])
    return changes


def lane_room(k: int, features: int, lanes: int) -> tuple[int, int, int]:
    """Return the shape of `k` centres packed for `nearest_of_listed`."""
    width = LANE_VECTORS * lanes
    return -(-k // width), features, width


def padding(k: int, lanes: int) -> float:
    """Return how many times more centres are searched than there are."""
    return float(lane_room(k, 1, lanes)[0] * LANE_VECTORS * lanes / k)
