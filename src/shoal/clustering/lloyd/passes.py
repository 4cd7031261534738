"""Pass over packed rows: assign each to its nearest centre, and keep the sums of every cluster.

Rows are cut into `CHUNKS` chunks that follow from their number alone. Each chunk has sums, masses (sums of
weights) of its own, and they are added in the order of the chunks; so results are the same bits
for any number of threads. A pass adds and subtracts only the rows whose label changed, from the block that
is still in the first-level cache: after a few iterations that is a small part of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel, summing_kernel
from shoal.clustering.kernels.packing import ROW_VECTORS, Doubles, Floats, PackedRows, block_rows
from shoal.clustering.kernels.tile import TILE_CENTRES, TILE_VECTORS, nearest_of_tile
from shoal.clustering.kernels.vector import lowest_bit
from shoal.clustering.lloyd.row_move import move_row

Labels = NDArray[np.int32]
Integers = NDArray[np.int64]
ONE = np.uint64(1)


@kernel
def pack_centres(centres: Doubles, packed: Floats, norms: Floats) -> None:
    """Write -2 c by groups and features to `packed`, and |c|^2 of the rounded centre to `norms`.

    `centres` (k, d) are centred as the rows are; what is left of `packed` (groups, d, TILE_CENTRES) becomes
    0, of `norms` infinity.
    """
    k, d = centres.shape
    packed[:] = 0.0
    norms[:] = np.inf
    for c in range(k):
        group, q = c // TILE_CENTRES, c % TILE_CENTRES
        norm = 0.0
        for j in range(d):
            packed[group, j, q] = centres[c, j]
            rounded = np.float64(packed[group, j, q])
            norm += rounded * rounded
            packed[group, j, q] *= -2.0
        norms[c] = norm


@kernel
def assign_chunks(
    blocks: Floats,
    n: int,
    weights: Doubles,
    bounds: Integers,
    chunks: tuple[int, int],
    packed: Floats,
    norms: Floats,
    labels: Labels,
    keep_sums: bool,
    sums: Doubles,
    counts: Integers,
) -> int:
    """Assign the rows of chunks `chunks[0]` up to `chunks[1]`; return how many labels changed.

    `labels[0]` holds the labels before and after, `labels[1]` is room to work. With `keep_sums`, moves what
    changed between the `sums` (CHUNKS, banks, k, d + 1) and `counts` (CHUNKS, k); see `ClusterSums`.
    """
    size = blocks.shape[2]
    span = size // ROW_VECTORS * TILE_VECTORS
    bank_mask = sums.shape[1] - 1
    changes = 0
    for chunk in range(chunks[0], chunks[1]):
        for block in range(bounds[chunk], bounds[chunk + 1]):
            for vector in range(0, ROW_VECTORS, TILE_VECTORS):
                word = nearest_of_tile(blocks, packed, norms, labels, block, vector)
                first = vector // TILE_VECTORS * span
                left = n - (block * size + first)
                if left < span:
                    word &= (ONE << np.uint64(max(left, 0))) - ONE
                while word != 0:
                    r = first + lowest_bit(word)
                    word &= word - ONE
                    row = block * size + r
                    old, new = labels[0, row], labels[1, row]
                    labels[0, row] = new
                    changes += 1
                    if keep_sums:
                        weight = weights[row] if weights.shape[0] > 0 else 1.0
                        move_row(blocks, sums[chunk], block, r, weight, r & bank_mask, old, new)
                        if weights.shape[0] > 0:
                            counts[chunk, old] -= weight > 0.0
                            counts[chunk, new] += weight > 0.0
    return changes


@kernel
def sum_chunks(
    rows: Floats,
    offset: Floats,
    weights: Doubles,
    bounds: Integers,
    size: int,
    chunks: tuple[int, int],
    labels: Labels,
    sums: Doubles,
    counts: Integers,
) -> None:
    """Sum the centred rows of each cluster anew, for chunks `chunks[0]` up to `chunks[1]`.

    The value added is the one in the packed block, rounded alike, so full and moved sums agree.
    """
    n, d = rows.shape
    bank_mask = sums.shape[1] - 1
    for chunk in range(chunks[0], chunks[1]):
        sums[chunk] = 0.0
        counts[chunk] = 0
        for i in range(bounds[chunk] * size, min(n, bounds[chunk + 1] * size)):
            weight = weights[i] if weights.shape[0] > 0 else 1.0
            c = labels[0, i]
            bank = sums[chunk, i & bank_mask]
            for j in range(d):
                bank[c, j] += weight * np.float64(rows[i, j] - offset[j])
            bank[c, d] += weight
            if weights.shape[0] > 0:
                counts[chunk, c] += weight > 0.0


@summing_kernel
def inertia_of(
    rows: Floats, weights: Doubles, bounds: Integers, size: int, labels: Labels, centres: Doubles
) -> float:
    """Return the weighted sum of squared distances of rows to their centres (k, d), neither centred."""
    n, d = rows.shape
    total = 0.0
    for chunk in range(bounds.shape[0] - 1):
        part = 0.0
        for i in range(bounds[chunk] * size, min(n, bounds[chunk + 1] * size)):
            c = labels[0, i]
            distance = 0.0
            for j in range(d):
                gap = np.float64(rows[i, j]) - centres[c, j]
                distance += gap * gap
            part += distance * weights[i] if weights.shape[0] > 0 else distance
        total += part
    return total


@kernel
def reduce_chunks(
    sums: Doubles, counts: Integers, weighted: bool, total: Doubles, mass: Doubles, peaks: Doubles
) -> int:
    """Add sums and masses in the order of the chunks; return how many clusters have no row of any weight.

    The mass of such a cluster becomes exactly 0. `peaks` (k,) holds the largest mass each cluster had.
    """
    d = total.shape[1]
    total[:] = 0.0
    mass[:] = 0.0
    for chunk in range(sums.shape[0]):
        for bank in range(sums.shape[1]):
            for c in range(total.shape[0]):
                mass[c] += sums[chunk, bank, c, d]
                for j in range(d):
                    total[c, j] += sums[chunk, bank, c, j]
    empty = 0
    for c in range(total.shape[0]):
        if weighted and counts[:, c].sum() == 0:
            mass[c] = 0.0
        peaks[c] = max(peaks[c], mass[c])
        empty += mass[c] == 0.0
    return empty


@kernel
def move_centres(total: Doubles, mass: Doubles, centres: Doubles, moves: Doubles) -> float:
    """Move centres (k, d) to their clusters' means; one without mass stays. Return the sum of squared moves.

    Writes how far each moved to `moves` (k,).
    """
    k, d = centres.shape
    shift = 0.0
    for c in range(k):
        moves[c] = 0.0
        if mass[c] > 0.0:
            square = 0.0
            for j in range(d):
                mean = total[c, j] / mass[c]
                gap = mean - centres[c, j]
                centres[c, j] = mean
                square += gap * gap
            shift += square
            moves[c] = np.sqrt(square)
    return shift


@summing_kernel
def squared_distances(rows: Floats, labels: Labels, centres: Doubles, distances: Doubles) -> None:
    """Write the squared distance (n,) of each row to its centre; neither is centred."""
    for i in range(distances.shape[0]):
        total = 0.0
        for j in range(rows.shape[1]):
            gap = np.float64(rows[i, j]) - centres[labels[0, i], j]
            total += gap * gap
        distances[i] = total


@kernel
def relabel(labels: Labels, ranks: Labels, renamed: Labels) -> None:
    """Write the rank of each row's label to `renamed` (n,)."""
    for i in range(renamed.shape[0]):
        renamed[i] = ranks[labels[0, i]]


def groups_of(k: int) -> int:
    """Return how many groups of a tile's width `k` centres fill."""
    return -(-k // TILE_CENTRES)


def label_room(packed: PackedRows) -> tuple[int, int]:
    """Return the shape of the labels of packed rows."""
    return 2, packed.block_count * block_rows(packed.dtype)
