"""Lay rows out in blocks so that one vector register holds one feature of many rows.

A block holds `block_rows(dtype)` rows (64 for float32, 32 for float64), that is `ROW_VECTORS` vectors of
`VECTOR_BYTES`. `PackedRows.blocks` has the shape (blocks, features, rows in a block), is C-contiguous and
64-byte aligned: `blocks[b, j, r]` is feature j of row `b * block_rows + r`, minus `offset[j]`, rounded to
the data type. The last block is filled up with zeros. So a loop over the rows of a block touches memory in
order and needs no horizontal operation, whatever the number of features.

Packing costs about what one pass over the rows costs; it is done once per data set and shared by every
restart and every number of clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from shoal.clustering.kernels.jit import kernel

VECTOR_BYTES = 64
ROW_VECTORS = 4
CHUNKS = 16
LONG_ROW = 32

Floats = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]


def lanes(dtype: DTypeLike) -> int:
    """Return how many numbers of a data type one vector holds."""
    return VECTOR_BYTES // np.dtype(dtype).itemsize


def block_rows(dtype: DTypeLike) -> int:
    """Return the number of rows in a block of a data type."""
    return ROW_VECTORS * lanes(dtype)


def aligned_empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an uninitialised C-contiguous array whose first byte is on a 64-byte boundary."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.empty(size + VECTOR_BYTES, np.uint8)
    start = -raw.ctypes.data % VECTOR_BYTES
    return raw[start : start + size].view(dtype).reshape(shape)


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of zeros whose first byte is on a 64-byte boundary."""
    array = aligned_empty(shape, dtype)
    array.fill(0)
    return array


def centring_offset(rows: Floats) -> Doubles:
    """Return the mean of up to 4096 evenly spaced rows, in float64: near enough to the mean to centre by.

    Centring only saves digits, no result depends on it beyond rounding, and this costs no pass over the rows.
    """
    step = -(-rows.shape[0] // 4096)
    return np.asarray(rows[::step].mean(axis=0, dtype=np.float64))


@kernel
def _pack(rows: Floats, offset: Floats, blocks: Floats) -> None:
    n, d = rows.shape
    size = blocks.shape[2]
    for b in range(blocks.shape[0]):
        first = b * size
        count = min(size, n - first)
        # Whichever of reading and writing strides less: a long row is read in order.
        if d < LONG_ROW:
            for j in range(d):
                for r in range(count):
                    blocks[b, j, r] = rows[first + r, j] - offset[j]
        else:
            for r in range(count):
                for j in range(d):
                    blocks[b, j, r] = rows[first + r, j] - offset[j]
        for j in range(d):
            for r in range(count, size):
                blocks[b, j, r] = 0.0


@dataclass(frozen=True)
class PackedRows:
    """Hold rows as given, and in the layouts that kernels want, each made when first asked for.

    `rows` is the C-contiguous (n, d) array as given, float32 or float64; `offset` (d,), of the same type, is
    subtracted from every row in the other layouts.
    """

    rows: Floats
    offset: Floats

    @cached_property
    def blocks(self) -> Floats:
        """Return the rows in blocks; see this module."""
        blocks = aligned_empty((self.block_count, self.features, block_rows(self.dtype)), self.dtype)
        _pack(self.rows, self.offset, blocks)
        return blocks

    @cached_property
    def centred(self) -> Floats:
        """Return the rows (n, d) less the offset, rounded as in the blocks."""
        centred = aligned_empty(self.rows.shape, self.dtype)
        np.subtract(self.rows, self.offset, out=centred)
        return centred

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return int(self.rows.shape[0])

    @property
    def features(self) -> int:
        """Return the number of columns."""
        return int(self.rows.shape[1])

    @property
    def block_count(self) -> int:
        """Return the number of blocks, the last of which may be filled up."""
        return -(-self.count // block_rows(self.dtype))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the data type, float32 or float64."""
        return self.rows.dtype

    def chunk_bounds(self) -> NDArray[np.int64]:
        """Return the first block of each of the `CHUNKS` chunks, and the end.

        They follow from the number of rows alone, so sums reduced in chunk order do not depend on threads.
        """
        bounds: NDArray[np.int64] = np.arange(CHUNKS + 1) * self.block_count // CHUNKS
        return bounds


def pack(rows: Floats, offset: Floats) -> PackedRows:
    """Prepare C-contiguous float32 or float64 rows (n, d), each less `offset` (d,) rounded to their type."""
    return PackedRows(rows, np.ascontiguousarray(offset, dtype=rows.dtype))
