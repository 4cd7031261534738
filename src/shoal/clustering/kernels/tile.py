"""Find the nearest centre of every row of a block, with rows in the lanes.

A score is |c|^2 - 2 c.x: what the squared distance is less |x|^2, which no comparison needs. A tile holds
`TILE_VECTORS` row vectors by `TILE_CENTRES` centres in registers; every feature costs that many loads of rows
and splats of coefficients, and their product of multiply-adds. The best score and its centre stay in
registers over all centres, so there is no horizontal operation at all.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from shoal.clustering.kernels.jit import intrinsic
from shoal.clustering.kernels.packing import ROW_VECTORS, VECTOR_BYTES
from shoal.clustering.kernels.vector import (
    I32,
    I64,
    Builder,
    Lanes,
    Value,
    has_wide_registers,
    prefetch,
    repeat,
)

# Sixteen accumulators and four row vectors fill the registers of AVX-512; others hold a quarter of that.
TILE_VECTORS, TILE_CENTRES = (4, 4) if has_wide_registers() else (1, 4)


class _Tile:
    """Write the search of one tile; `pointers` and `sizes` are those of `nearest_of_tile`'s arrays."""

    def __init__(self, builder: Builder, lanes: Lanes, pointers: list[Value], sizes: list[Value]) -> None:
        self.builder, self.lanes = builder, lanes
        self.rows, self.centres, self.norms, self.labels = pointers
        self.count, self.features, self.groups, self.stride = sizes
        self.row_start: Value = None
        self.next_start: Value = None

    def _place(self, block: Value, vector: Value) -> Value:
        """Find the tile's rows, those of the next block, and the tile's labels."""
        size = I64(ROW_VECTORS * self.lanes.width)
        within = self.builder.mul(vector, I64(self.lanes.width))
        following = self.builder.add(block, I64(1))
        is_last = self.builder.icmp_signed("==", following, self.count)
        following = self.builder.select(is_last, block, following)
        span = self.builder.mul(size, self.features)
        self.row_start = self.builder.add(self.builder.mul(block, span), within)
        self.next_start = self.builder.mul(following, span)
        return self.builder.add(self.builder.mul(block, size), within)

    def _start(self, group: Value) -> list[Value]:
        """Load the norms of a group of centres as the accumulators' first values."""
        first = self.builder.mul(group, I64(TILE_CENTRES))
        norms = [self._number(self.norms, self.builder.add(first, I64(q))) for q in range(TILE_CENTRES)]
        return [norm for norm in norms for _ in range(TILE_VECTORS)]

    def _number(self, base: Value, index: Value) -> Value:
        return self.lanes.splat(self.builder.load(self.builder.gep(base, [index])))

    def _feature(self, group: Value, feature: Value, sums: list[Value]) -> list[Value]:
        """Add the products of one feature, and fetch a line of the block that comes next."""
        step = self.builder.add(self.builder.mul(group, self.features), feature)
        self._fetch_ahead(step)
        start = self.builder.add(
            self.row_start, self.builder.mul(feature, I64(ROW_VECTORS * self.lanes.width))
        )
        width = self.lanes.width
        rows = [
            self.lanes.load(self.rows, self.builder.add(start, I64(v * width))) for v in range(TILE_VECTORS)
        ]
        base = self.builder.mul(step, I64(TILE_CENTRES))
        factors = [self._number(self.centres, self.builder.add(base, I64(q))) for q in range(TILE_CENTRES)]
        pairs = [(row, factor) for factor in factors for row in rows]
        return [self.lanes.multiply_add(r, f, s) for (r, f), s in zip(pairs, sums, strict=True)]

    def _fetch_ahead(self, step: Value) -> None:
        lines = self.builder.mul(self.features, I64(ROW_VECTORS))
        last = self.builder.sub(lines, I64(1))
        line = self.builder.select(self.builder.icmp_signed("<", step, last), step, last)
        offset = self.builder.mul(line, I64(VECTOR_BYTES * 8 // self.lanes.bits))
        prefetch(self.builder, self.rows, self.builder.add(self.next_start, offset))

    def _group(self, group: Value, carried: list[Value]) -> list[Value]:
        """Score a group of centres; in ascending order with <, so the lowest of equals wins."""
        best, nearest = carried[:TILE_VECTORS], carried[TILE_VECTORS:]
        scores = repeat(
            self.builder, self.features, self._start(group), lambda j, sums: self._feature(group, j, sums)
        )
        first = self.builder.trunc(self.builder.mul(group, I64(TILE_CENTRES)), I32)
        for q in range(TILE_CENTRES):
            centre = self.lanes.splat(self.builder.add(first, I32(q)))
            for v in range(TILE_VECTORS):
                score = scores[q * TILE_VECTORS + v]
                closer = self.lanes.below(score, best[v])
                best[v] = self.builder.select(closer, score, best[v])
                nearest[v] = self.builder.select(closer, centre, nearest[v])
        return best + nearest

    def search(self, block: Value, vector: Value) -> Value:
        """Store the nearest centres in the second row of the labels; return which differ from the first."""
        label_start = self._place(block, vector)
        worst = [self.lanes.constant(float("inf"))] * TILE_VECTORS
        zeros = [ir.Constant(self.lanes.integers, [0] * self.lanes.width)] * TILE_VECTORS
        nearest = repeat(self.builder, self.groups, worst + zeros, self._group)[TILE_VECTORS:]
        changed: Value = I64(0)
        for v in range(TILE_VECTORS):
            index = self.builder.add(label_start, I64(v * self.lanes.width))
            before = self.lanes.load_integers(self.labels, index)
            self.lanes.store_integers(nearest[v], self.labels, self.builder.add(self.stride, index))
            bits = self.lanes.mask_bits(self.builder.icmp_signed("!=", before, nearest[v]))
            changed = self.builder.or_(changed, self.builder.shl(bits, I64(v * self.lanes.width)))
        return changed


@intrinsic
def nearest_of_tile(
    typing: Any, blocks: Any, centres: Any, norms: Any, labels: Any, block: Any, vector: Any
) -> Any:
    """Search `TILE_VECTORS` row vectors of a block, from a given one; return a word of changed rows.

    `blocks` (m, d, rows) as packed; `centres` (groups, d, TILE_CENTRES) holds -2 c and `norms` |c|^2, both
    padded with 0 and infinity; `labels` (2, m * rows) int32: present labels, and room for the new.
    Bit r of the result belongs to row r after the given vector's first.
    """

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        kinds = zip(signature.args[:4], arguments[:4], strict=True)
        arrays = [context.make_array(kind)(context, builder, value) for kind, value in kinds]
        sizes = [builder.extract_value(arrays[a].shape, i) for a, i in ((0, 0), (0, 1), (1, 0), (3, 1))]
        tile = _Tile(builder, Lanes(builder, blocks.dtype), [array.data for array in arrays], sizes)
        return tile.search(*arguments[4:])

    signature = types.uint64(blocks, centres, norms, labels, types.int64, types.int64)
    return signature, generate
