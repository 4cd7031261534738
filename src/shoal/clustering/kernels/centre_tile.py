"""Find the nearest and the second nearest centre of listed rows, with centres in the lanes.

Rows come from a list, so rows that need no search cost nothing; `tile` needs them side by side. The centres
of a block are `LANE_VECTORS` vectors; a tile holds `LISTED_ROWS` rows by that many vectors in registers, and
each value of a row is splatted. Centre j sits in lane j div v of vector j mod v, of v vectors in all:
so the lowest lane that holds the least score holds the lowest of equal centres.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from shoal.clustering.kernels.jit import intrinsic
from shoal.clustering.kernels.vector import (
    I32,
    I64,
    Builder,
    Lanes,
    Value,
    count_trailing_zeros,
    has_wide_registers,
    prefetch,
    repeat,
)

LISTED_ROWS, LANE_VECTORS = (4, 4) if has_wide_registers() else (2, 2)


class _CentreTile:
    """Write the search of one tile; the arguments are the addresses of `nearest_of_listed`'s arrays."""

    def __init__(self, builder: Builder, lanes: Lanes, pointers: list[Value], sizes: list[Value]) -> None:
        self.builder, self.lanes = builder, lanes
        self.rows, self.listed, self.centres, self.norms, self.labels, self.scores = pointers
        self.features, self.blocks, self.room = sizes
        self.starts: list[Value] = []
        self.position: Value = None

    def _row_start(self, position: Value) -> Value:
        row = self.builder.load(self.builder.gep(self.listed, [position]))
        return self.builder.mul(row, self.features)

    def _fetch_ahead(self, feature: Value) -> None:
        """Fetch a line of one of the rows that are listed next."""
        turn = self.builder.urem(feature, I64(LISTED_ROWS))
        ahead = self.builder.add(self.position, self.builder.add(turn, I64(LISTED_ROWS)))
        line = self.builder.mul(self.builder.udiv(feature, I64(LISTED_ROWS)), I64(self.lanes.width))
        last = self.builder.sub(self.features, I64(1))
        within = self.builder.select(self.builder.icmp_signed("<", line, last), line, last)
        prefetch(self.builder, self.rows, self.builder.add(self._row_start(ahead), within))

    def _feature(self, block: Value, feature: Value, sums: list[Value]) -> list[Value]:
        """Add the products of one feature."""
        self._fetch_ahead(feature)
        step = self.builder.add(self.builder.mul(block, self.features), feature)
        base = self.builder.mul(step, I64(LANE_VECTORS * self.lanes.width))
        factors = self._vectors(self.centres, base)
        values = [self._splat(self.rows, self.builder.add(start, feature)) for start in self.starts]
        pairs = [(value, factor) for value in values for factor in factors]
        return [self.lanes.multiply_add(v, f, s) for (v, f), s in zip(pairs, sums, strict=True)]

    def _vectors(self, base: Value, start: Value) -> list[Value]:
        offsets = [I64(v * self.lanes.width) for v in range(LANE_VECTORS)]
        return [self.lanes.load(base, self.builder.add(start, offset)) for offset in offsets]

    def _splat(self, base: Value, index: Value) -> Value:
        return self.lanes.splat(self.builder.load(self.builder.gep(base, [index])))

    def _block(self, block: Value, carried: list[Value]) -> list[Value]:
        """Score a block of centres for every row; carry best, second and the best's vector by lane."""
        start = self.builder.mul(block, I64(LANE_VECTORS * self.lanes.width))
        first = self._vectors(self.norms, start) * LISTED_ROWS
        scores = repeat(self.builder, self.features, first, lambda j, sums: self._feature(block, j, sums))
        number = self.builder.trunc(self.builder.mul(block, I64(LANE_VECTORS)), I32)
        for row in range(LISTED_ROWS):
            best, second, vector = carried[3 * row : 3 * row + 3]
            for v in range(LANE_VECTORS):
                score = scores[row * LANE_VECTORS + v]
                closer = self.lanes.below(score, best)
                beaten = self.builder.select(closer, best, score)
                second = self.builder.select(self.lanes.below(beaten, second), beaten, second)
                best = self.builder.select(closer, score, best)
                here = self.lanes.splat(self.builder.add(number, I32(v)))
                vector = self.builder.select(closer, here, vector)
            carried[3 * row : 3 * row + 3] = [best, second, vector]
        return carried

    def _settle(self, row: int, best: Value, second: Value, vector: Value) -> None:
        """Reduce the lanes to the nearest centre of a row and its two least scores, and store them."""
        least = self.lanes.minimum(best)
        mask = self.builder.fcmp_ordered("==", best, self.lanes.splat(least))
        lane = count_trailing_zeros(self.builder, self.lanes.mask_bits(mask))
        worst = ir.Constant(self.lanes.number, float("inf"))
        others = self.lanes.minimum(self.builder.insert_element(best, worst, lane))
        beaten = self.lanes.minimum(second)
        runner_up = self.builder.select(self.builder.fcmp_ordered("<", others, beaten), others, beaten)
        vectors = self.builder.mul(self.blocks, I64(LANE_VECTORS))
        within = self.builder.zext(self.builder.extract_element(vector, lane), I64)
        label = self.builder.add(self.builder.mul(lane, vectors), within)
        place = self.builder.add(self.position, I64(row))
        self.builder.store(self.builder.trunc(label, I32), self.builder.gep(self.labels, [place]))
        self.builder.store(least, self.builder.gep(self.scores, [place]))
        place = self.builder.add(place, self.room)
        self.builder.store(runner_up, self.builder.gep(self.scores, [place]))

    def search(self, position: Value) -> None:
        """Search for the rows listed from a position on."""
        self.position = position
        listed = [self.builder.add(position, I64(row)) for row in range(LISTED_ROWS)]
        self.starts = [self._row_start(at) for at in listed]
        worst = self.lanes.constant(float("inf"))
        zeros = ir.Constant(self.lanes.integers, [0] * self.lanes.width)
        found = repeat(self.builder, self.blocks, [worst, worst, zeros] * LISTED_ROWS, self._block)
        for row in range(LISTED_ROWS):
            self._settle(row, *found[3 * row : 3 * row + 3])


@intrinsic
def nearest_of_listed(
    typing: Any, rows: Any, listed: Any, centres: Any, norms: Any, labels: Any, scores: Any, position: Any
) -> Any:
    """Search the nearest centres of `LISTED_ROWS` rows, those of `listed` from a position on.

    `rows` (n, d); `listed` int64, with at least `LISTED_ROWS` valid rows after those searched; `centres`
    (blocks, d, LANE_VECTORS * lanes) holds -2 c and `norms` (blocks, ...) |c|^2, padded with 0 and infinity.
    Writes `labels` (room,) int32 and `scores` (2, room), the least and the next, at the same positions.
    """

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        kinds = zip(signature.args[:6], arguments[:6], strict=True)
        arrays = [context.make_array(kind)(context, builder, value) for kind, value in kinds]
        sizes = [builder.extract_value(arrays[a].shape, i) for a, i in ((0, 1), (2, 0), (5, 1))]
        tile = _CentreTile(builder, Lanes(builder, rows.dtype), [array.data for array in arrays], sizes)
        tile.search(arguments[6])
        return context.get_dummy_value()

    return types.void(rows, listed, centres, norms, labels, scores, types.int64), generate
