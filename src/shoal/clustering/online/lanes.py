"""Search and move the centres of a table, with centres in the lanes: for rows that come one after the other.

A table (d, w) float64 holds centre j in column j; w is a multiple of a vector, and what is left over is
infinity. `GROUP` rows are searched at once, so that a vector of the table that is loaded serves all of them.
The number of a centre replaces the last bits of a squared distance, as many as numbers need: then one
minimum of integers finds the nearest, of equally near ones (to about 1e-12 of the distance) the lowest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types

from shoal.clustering.kernels.jit import intrinsic
from shoal.clustering.kernels.packing import Doubles, aligned_empty
from shoal.clustering.kernels.vector import I32, I64, Builder, Lanes, Value, repeat

GROUP = 4
WIDTH = 8
FARTHEST = 2**63 - 1


def table_of(centres: Doubles) -> Doubles:
    """Return centres (k, d) as a table."""
    k, d = centres.shape
    table: Doubles = aligned_empty((d, -(-k // WIDTH) * WIDTH), np.float64)
    table.fill(np.inf)
    table[:, :k] = centres.T
    return table


class _Table:
    """Write code for a table; `address`, `features` and `width` are those of its array."""

    def __init__(self, builder: Builder, address: Value, features: Value, width: Value) -> None:
        self.builder, self.lanes = builder, Lanes(builder, types.float64)
        self.address, self.features, self.width = address, features, width
        self.words = ir.VectorType(I64, self.lanes.width)
        self.numbers = ir.Constant(self.words, list(range(self.lanes.width)))

    def _splat(self, word: Value) -> Value:
        """Fill a vector with one 64-bit integer."""
        seed = ir.Constant(self.words, ir.Undefined)
        one = self.builder.insert_element(seed, word, I32(0))
        return self.builder.shuffle_vector(one, seed, ir.Constant(self.lanes.integers, [0] * WIDTH))

    def _place(self, feature: Value, column: Value) -> Value:
        return self.builder.add(self.builder.mul(feature, self.width), column)

    def _number_bits(self) -> Value:
        """Return a mask of the bits that the number of a centre needs."""
        kind = ir.FunctionType(I64, [I64, ir.IntType(1)])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.ctlz.i64")
        zeros = self.builder.call(function, [self.width, ir.IntType(1)(1)])
        return self.builder.sub(self.builder.shl(I64(1), self.builder.sub(I64(64), zeros)), I64(1))

    def _value(self, rows: Value, start: Value, feature: Value) -> Value:
        return self.lanes.splat(self.builder.load(self.builder.gep(rows, [self.builder.add(start, feature)])))

    def _distances(self, rows: Value, starts: list[Value], column: Value) -> list[Value]:
        """Return the squared distances of each row to the centres of one vector of the table."""

        def add(feature: Value, sums: list[Value]) -> list[Value]:
            centres = self.lanes.load(self.address, self._place(feature, column))
            gaps = [self.builder.fsub(self._value(rows, start, feature), centres) for start in starts]
            return [self.lanes.multiply_add(gap, gap, total) for gap, total in zip(gaps, sums, strict=True)]

        return repeat(self.builder, self.features, [self.lanes.constant(0.0)] * len(starts), add)

    def nearest(self, rows: Value, starts: list[Value]) -> list[Value]:
        """Return the number of the centre nearest to each row."""
        bits = self._number_bits()
        kept = self._splat(self.builder.xor(bits, I64(-1)))

        def look(vector: Value, best: list[Value]) -> list[Value]:
            column = self.builder.mul(vector, I64(WIDTH))
            here = self.builder.add(self.numbers, self._splat(column))
            found = []
            for distance, least in zip(self._distances(rows, starts, column), best, strict=True):
                word = self.builder.and_(self.builder.bitcast(distance, self.words), kept)
                word = self.builder.or_(word, here)
                closer = self.builder.icmp_unsigned("<", word, least)
                found.append(self.builder.select(closer, word, least))
            return found

        worst = [ir.Constant(self.words, [FARTHEST] * WIDTH)] * len(starts)
        vectors = self.builder.udiv(self.width, I64(WIDTH))
        best = repeat(self.builder, vectors, worst, look)
        return [self.builder.and_(self._least(word), bits) for word in best]

    def _least(self, word: Value) -> Value:
        kind = ir.FunctionType(I64, [self.words])
        name = f"llvm.vector.reduce.umin.v{WIDTH}i64"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [word])

    def pull(self, rows: Value, start: Value, centre: Value, rate: Value) -> None:
        """Move a centre towards a row by a share of the way.

        Whole vectors are stored: the search that comes next loads such, and need not wait for parts.
        """
        lane = self.builder.urem(centre, I64(WIDTH))
        column = self.builder.sub(centre, lane)
        mask = self.builder.icmp_unsigned("==", self.numbers, self._splat(lane))
        share = self.lanes.splat(rate)

        def move(feature: Value, carried: list[Value]) -> list[Value]:
            place = self._place(feature, column)
            before = self.lanes.load(self.address, place)
            gap = self.builder.fsub(self._value(rows, start, feature), before)
            after = self.builder.select(mask, self.lanes.multiply_add(gap, share, before), before)
            pointer = self.builder.gep(self.address, [place])
            self.builder.store(after, self.builder.bitcast(pointer, self.lanes.vector.as_pointer()), align=64)
            return []

        repeat(self.builder, self.features, [], move)


def _opened(context: Any, builder: Builder, kinds: Any, rows: Value, table: Value) -> tuple[_Table, Value]:
    """Return what writes code for the table, and the address of the rows."""
    row_array = context.make_array(kinds[0])(context, builder, rows)
    array = context.make_array(kinds[1])(context, builder, table)
    features, width = (builder.extract_value(array.shape, axis) for axis in (0, 1))
    return _Table(builder, array.data, features, width), row_array.data


@intrinsic
def nearest_of_group(typing: Any, rows: Any, table: Any, first: Any, last: Any, nearest: Any) -> Any:
    """Write the nearest centres of the `GROUP` rows from `first` on to `nearest`, an int64 array as long.

    `rows` (n, d) C-contiguous; for rows beyond `last` the last is searched again.
    """

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        table_code, address = _opened(context, builder, signature.args, arguments[0], arguments[1])
        found = context.make_array(nearest)(context, builder, arguments[4])
        starts = []
        for turn in range(GROUP):
            row = builder.add(arguments[2], I64(turn))
            beyond = builder.icmp_signed(">", row, arguments[3])
            row = builder.select(beyond, arguments[3], row)
            starts.append(builder.mul(row, table_code.features))
        for turn, number in enumerate(table_code.nearest(address, starts)):
            builder.store(number, builder.gep(found.data, [I64(turn)]))
        return context.get_dummy_value()

    return types.void(rows, table, types.int64, types.int64, nearest), generate


@intrinsic
def pull(typing: Any, rows: Any, table: Any, row: Any, centre: Any, rate: Any) -> Any:
    """Move a centre of the table towards a row of `rows` (n, d), by the share `rate` of the way."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        table_code, address = _opened(context, builder, signature.args, arguments[0], arguments[1])
        start = builder.mul(arguments[2], table_code.features)
        table_code.pull(address, start, arguments[3], arguments[4])
        return context.get_dummy_value()

    return types.void(rows, table, types.int64, types.int64, types.float64), generate
