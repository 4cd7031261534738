"""Move a packed row from one cluster's sums to another's."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from shoal.clustering.kernels.jit import intrinsic
from shoal.clustering.kernels.vector import Builder, Value, repeat


class _Move:
    """Write the move of one row; `shape` is that of the blocks, then clusters and width of the sums."""

    def __init__(self, builder: Builder, rows: Value, sums: Value, shape: list[Value]) -> None:
        self.builder, self.rows, self.sums = builder, rows, sums
        self.features, self.size, self.clusters, self.width = shape

    def _row_of_sums(self, bank: Value, cluster: Value) -> Value:
        row = self.builder.add(self.builder.mul(bank, self.clusters), cluster)
        return self.builder.mul(row, self.width)

    def _add(self, index: Value, value: Value) -> None:
        place = self.builder.gep(self.sums, [index])
        self.builder.store(self.builder.fadd(self.builder.load(place), value), place)

    def _shift(self, source: Value, target: Value, column: Value, value: Value) -> None:
        self._add(self.builder.add(source, column), self.builder.fneg(value))
        self._add(self.builder.add(target, column), value)

    def write(self, block: Value, row: Value, weight: Value, bank: Value, old: Value, new: Value) -> None:
        """Write a loop over the features, then one more step for the weight itself, the last column."""
        span = self.builder.mul(self.features, self.size)
        start = self.builder.add(self.builder.mul(block, span), row)
        source, target = self._row_of_sums(bank, old), self._row_of_sums(bank, new)

        def move(column: Value, carried: list[Value]) -> list[Value]:
            place = self.builder.add(start, self.builder.mul(column, self.size))
            value = self.builder.load(self.builder.gep(self.rows, [place]))
            if value.type != ir.DoubleType():
                value = self.builder.fpext(value, ir.DoubleType())
            self._shift(source, target, column, self.builder.fmul(weight, value))
            return []

        repeat(self.builder, self.features, [], move, plain=True)
        self._shift(source, target, self.features, weight)


@intrinsic
def move_row(
    typing: Any, blocks: Any, sums: Any, block: Any, row: Any, weight: Any, bank: Any, old: Any, new: Any
) -> Any:
    """Move a row of a block, times its weight, from the sums of cluster `old` to those of `new`.

    `blocks` (m, d, rows) as packed, `sums` (banks, k, d + 1) float64, the weight in the last column. As plain
    numba the loop is vectorised, which costs more to enter than a row of few features takes.
    """

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        kinds = zip(signature.args[:2], arguments[:2], strict=True)
        arrays = [context.make_array(kind)(context, builder, value) for kind, value in kinds]
        shape = [builder.extract_value(arrays[a].shape, i) for a, i in ((0, 1), (0, 2), (1, 1), (1, 2))]
        _Move(builder, arrays[0].data, arrays[1].data, shape).write(*arguments[2:])
        return context.get_dummy_value()

    numbers = (types.int64, types.int64, types.float64, types.int64, types.int64, types.int64)
    return types.void(blocks, sums, *numbers), generate
