"""Fill one row of the tables of dynamic time warping, of many pairs of series at once.

One series is compared with a block of others, packed as `kernels.packing` packs rows: value c of step j of
every one of them lies side by side, `ROW_VECTORS` vectors of them. A cell needs the cell left of it, so one
vector alone would wait for itself at each step; these four do not wait for one another. A table is kept
as its last row, overwritten in place: the cell above and the one before it are met on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from shoal.clustering.kernels.jit import intrinsic
from shoal.clustering.kernels.packing import ROW_VECTORS
from shoal.clustering.kernels.vector import I64, Builder, Lanes, Value, repeat

Cost = Callable[["_RowTile", Value], list[Value]]


class _RowTile:
    """Write the loop over the cells of a row; `pointers` and `sizes` are those of `_row`'s arrays."""

    def __init__(self, builder: Builder, lanes: Lanes, pointers: list[Value], sizes: list[Value]) -> None:
        self.builder, self.lanes = builder, lanes
        self.series, self.blocks, self.cells = pointers
        self.columns, self.features = sizes
        self.size = I64(ROW_VECTORS * lanes.width)
        self.step_start: Value = None
        self.block_start: Value = None

    def _vectors(self, base: Value, start: Value) -> list[Value]:
        offsets = [I64(v * self.lanes.width) for v in range(ROW_VECTORS)]
        return [self.lanes.load(base, self.builder.add(start, offset)) for offset in offsets]

    def value(self, column: Value) -> Value:
        """Return a value of the series' step, in every lane."""
        place = self.builder.add(self.step_start, column)
        return self.lanes.splat(self.builder.load(self.builder.gep(self.series, [place])))

    def others(self, step: Value, column: Value) -> list[Value]:
        """Return that value of a step of the series in the block."""
        feature = self.builder.add(self.builder.mul(step, self.columns), column)
        place = self.builder.add(self.block_start, self.builder.mul(feature, self.size))
        return self._vectors(self.blocks, place)

    def mapped(self, name: str, values: list[Value]) -> list[Value]:
        """Return what a function of LLVM makes of vectors."""
        kind = ir.FunctionType(self.lanes.vector, [self.lanes.vector])
        full = f"llvm.{name}.v{self.lanes.width}f{self.lanes.bits}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, full)
        return [self.builder.call(function, [value]) for value in values]

    def least(self, a: Value, b: Value) -> Value:
        """Return the lesser of two vectors, lane by lane."""
        return self.builder.select(self.lanes.below(a, b), a, b)

    def sums(self, step: Value, term: Callable[[Value, Value, Value], Value]) -> list[Value]:
        """Sum a term of (value, other value, sum) over the columns."""

        def add(column: Value, carried: list[Value]) -> list[Value]:
            value = self.value(column)
            pairs = zip(self.others(step, column), carried, strict=True)
            return [term(value, other, total) for other, total in pairs]

        return repeat(self.builder, self.columns, [self.lanes.constant(0.0)] * ROW_VECTORS, add)

    def fill(self, row: Value, block: Value, first: Value, end: Value, cost: Cost) -> None:
        """Fill the cells from column `first` up to `end` of a row, all counted from 1."""
        self.step_start = self.builder.mul(self.builder.sub(row, I64(1)), self.columns)
        self.block_start = self.builder.mul(self.builder.mul(block, self.features), self.size)
        before = self.builder.sub(first, I64(1))
        diagonal = self._vectors(self.cells, self.builder.mul(before, self.size))
        left = [self.lanes.constant(float("inf"))] * ROW_VECTORS

        def cell(number: Value, carried: list[Value]) -> list[Value]:
            step = self.builder.add(before, number)
            place = self.builder.mul(self.builder.add(step, I64(1)), self.size)
            above = self._vectors(self.cells, place)
            costs = cost(self, step)
            found = []
            for v in range(ROW_VECTORS):
                best = self.least(self.least(carried[v], above[v]), carried[ROW_VECTORS + v])
                found.append(self.builder.fadd(costs[v], best))
                self._store(found[v], self.builder.add(place, I64(v * self.lanes.width)))
            return above + found

        repeat(self.builder, self.builder.sub(end, before), diagonal + left, cell)

    def _store(self, value: Value, index: Value) -> None:
        pointer = self.builder.gep(self.cells, [index])
        pointer = self.builder.bitcast(pointer, self.lanes.vector.as_pointer())
        self.builder.store(value, pointer, align=self.lanes.bits // 8 * self.lanes.width)


def _of_numbers(tile: _RowTile, step: Value) -> list[Value]:
    """Return |a - b|, for series of numbers."""
    value = tile.value(I64(0))
    return tile.mapped("fabs", [tile.builder.fsub(value, other) for other in tile.others(step, I64(0))])


def _of_vectors(tile: _RowTile, step: Value) -> list[Value]:
    """Return |a - b|, for series of vectors."""

    def square(value: Value, other: Value, total: Value) -> Value:
        gap = tile.builder.fsub(value, other)
        return tile.lanes.multiply_add(gap, gap, total)

    return tile.mapped("sqrt", tile.sums(step, square))


def _of_directions(tile: _RowTile, step: Value) -> list[Value]:
    """Return 1 - <a, b>, for series of vectors of length 1."""
    one, zero = tile.lanes.constant(1.0), tile.lanes.constant(0.0)
    products = tile.sums(step, tile.lanes.multiply_add)
    gaps = [tile.builder.fsub(one, product) for product in products]
    return [tile.builder.select(tile.lanes.below(gap, zero), zero, gap) for gap in gaps]


def _row(cost: Cost) -> Callable[..., Any]:
    """Make the generator of an intrinsic that fills a row by some cost of two steps."""

    def typed(series: Any, blocks: Any, cells: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
            kinds = zip(signature.args[:3], arguments[:3], strict=True)
            arrays = [context.make_array(kind)(context, builder, value) for kind, value in kinds]
            sizes = [builder.extract_value(arrays[a].shape, 1) for a in (0, 1)]
            tile = _RowTile(builder, Lanes(builder, blocks.dtype), [array.data for array in arrays], sizes)
            row, block, first, end = arguments[3:]
            tile.fill(row, block, first, end, cost)
            return context.get_dummy_value()

        return types.void(series, blocks, cells, *[types.int64] * 4), generate

    return typed


@intrinsic
def row_of_numbers(
    typing: Any, series: Any, blocks: Any, cells: Any, row: Any, block: Any, first: Any, end: Any
) -> Any:
    """Fill cells `first` to `end` of a row for a series (n, 1) and a block of others.

    `blocks` (m, steps, others) as packed; `cells` (steps + 1, others), aligned, is the row before, infinite
    where it has no cells. Rows and cells are counted from 1.
    """
    return _row(_of_numbers)(series, blocks, cells)


@intrinsic
def row_of_vectors(
    typing: Any, series: Any, blocks: Any, cells: Any, row: Any, block: Any, first: Any, end: Any
) -> Any:
    """Fill a row as `row_of_numbers` does, for a series (n, d) and `blocks` (m, steps x d, others)."""
    return _row(_of_vectors)(series, blocks, cells)


@intrinsic
def row_of_directions(
    typing: Any, series: Any, blocks: Any, cells: Any, row: Any, block: Any, first: Any, end: Any
) -> Any:
    """Fill a row as `row_of_vectors` does, by the cosine distance of vectors of length 1."""
    return _row(_of_directions)(series, blocks, cells)
