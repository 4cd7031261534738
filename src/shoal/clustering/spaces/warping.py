"""Compare series by dynamic time warping (Sakoe and Chiba 1978): the cheapest way to walk both in step.

D[i, j] = cost(a_i, b_j) + min(D[i-1, j-1], D[i-1, j], D[i, j-1]); the distance is the last cell, a plain sum.
A window w > 0 keeps |i - j| <= w. The cost is the Euclidean distance of vectors, or the cosine distance of
vectors of length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles, Floats, aligned_empty, block_rows, pack
from shoal.clustering.spaces.warping_tile import row_of_directions, row_of_numbers, row_of_vectors

Inner = Literal["euclid", "cosinus"]
Steps = NDArray[np.int64]

NUMBERS, VECTORS, DIRECTIONS = 0, 1, 2


@kernel
def _fill(
    series: Floats,
    blocks: Floats,
    block: int,
    lengths: Steps,
    window: int,
    kind: int,
    cells: Floats,
    found: Doubles,
) -> None:
    """Write the distances (others,) of a series (n, d) to a block of others of some lengths."""
    steps = lengths.max()
    cells[: steps + 1] = np.inf
    cells[0] = 0.0
    for row in range(1, series.shape[0] + 1):
        first, end = 1, steps
        if window > 0:
            first, end = max(1, row - window), min(steps, row + window)
        if kind == NUMBERS:
            row_of_numbers(series, blocks, cells, row, block, first, end)
        elif kind == VECTORS:
            row_of_vectors(series, blocks, cells, row, block, first, end)
        else:
            row_of_directions(series, blocks, cells, row, block, first, end)
        if row == 1:
            cells[0] = np.inf
    for other in range(lengths.shape[0]):
        found[other] = cells[lengths[other], other]


@kernel
def _cost(a: Floats, i: int, b: Floats, j: int, kind: int) -> float:
    total = 0.0
    for c in range(a.shape[1]):
        if kind == DIRECTIONS:
            total += a[i, c] * b[j, c]
        else:
            total += (a[i, c] - b[j, c]) * (a[i, c] - b[j, c])
    return float(min(max(0.0, 1.0 - total), 2.0) if kind == DIRECTIONS else np.sqrt(total))


@kernel
def _path(a: Floats, b: Floats, window: int, kind: int) -> Steps:
    """Return the cheapest path (m, 2) from the last pair of steps to the first.

    Of equally cheap ways back it takes the diagonal, then the one that keeps b's step.
    """
    n, m = a.shape[0], b.shape[0]
    cells = np.full((n + 1, m + 1), np.inf)
    cells[0, 0] = 0.0
    for i in range(1, n + 1):
        first, end = 1, m
        if window > 0:
            first, end = max(1, i - window), min(m, i + window)
        for j in range(first, end + 1):
            best = min(min(cells[i - 1, j - 1], cells[i - 1, j]), cells[i, j - 1])
            cells[i, j] = _cost(a, i - 1, b, j - 1, kind) + best
    path = np.empty((n + m, 2), np.int64)
    i, j, count = n, m, 0
    while i > 0 and j > 0:
        path[count, 0], path[count, 1] = i - 1, j - 1
        count += 1
        diagonal, above, left = cells[i - 1, j - 1], cells[i - 1, j], cells[i, j - 1]
        if diagonal <= above and diagonal <= left:
            i, j = i - 1, j - 1
        elif above <= left:
            i -= 1
        else:
            j -= 1
    return path[:count]


def _kind(inner: Inner, columns: int) -> int:
    if inner == "cosinus":
        return DIRECTIONS
    return NUMBERS if columns == 1 else VECTORS


def warping_path(a: Doubles, b: Doubles, window: int = 0, inner: Inner = "euclid") -> Steps:
    """Return the cheapest path (m, 2) through the steps of two series (n, d), in order; ties: see `_path`.

    The lengths differ by no more than the window; under "cosinus" the vectors have length 1.
    """
    return _path(a, b, window, _kind(inner, a.shape[1]))[::-1]


def warping_distances(
    ones: Sequence[Floats], others: Sequence[Floats], window: int = 0, inner: Inner = "euclid"
) -> Doubles:
    """Return the distance (n, m) of each series to each, all (length, d) float64, or all float32.

    Their lengths differ by no more than a window that is not 0; under "cosinus" their vectors have length 1.
    """
    if len(others) < len(ones):  # The more of them there are, the fuller are the vectors.
        return np.ascontiguousarray(warping_distances(others, ones, window, inner).T)
    found = np.empty((len(ones), len(others)))
    if not found.size:
        return found
    dtype = others[0].dtype
    size = block_rows(dtype)
    order = np.argsort([len(one) for one in others], kind="stable")
    for first in range(0, len(others), size):
        places = order[first : first + size]
        _against_block(ones, [others[place] for place in places], window, inner, found, places)
    return found


def _against_block(
    ones: Sequence[Floats], block: list[Floats], window: int, inner: Inner, found: Doubles, places: Any
) -> None:
    lengths = np.array([len(one) for one in block])
    blocks = _packed(block, int(lengths.max()))
    kind = _kind(inner, block[0].shape[1])
    cells = aligned_empty((int(lengths.max()) + 1, blocks.shape[2]), blocks.dtype)
    distances = np.empty(len(block))
    for number, one in enumerate(ones):
        _fill(np.ascontiguousarray(one), blocks, 0, lengths, window, kind, cells, distances)
        found[number, places] = distances


def _packed(block: list[Floats], steps: int) -> Floats:
    """Lay series side by side, those that end early filled up with zeros."""
    columns = block[0].shape[1]
    flat = np.zeros((len(block), steps * columns), block[0].dtype)
    for row, one in zip(flat, block, strict=True):
        row[: one.size] = one.reshape(-1)
    return pack(flat, np.zeros(steps * columns)).blocks
