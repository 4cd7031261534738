"""Write LLVM vector code: the few building blocks that the register tiles of the kernels are made of.

numba compiles loops over scalars and leaves vectors to LLVM, which does not find a register tile. So a tile
is written here as vector instructions, around ordinary loops whose bounds are run-time values: one compiled
kernel per data type, none per shape. `fmuladd` and not `fma`: where a CPU has no fused form, the latter
becomes one library call per lane.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core import cgutils, types

from shoal.clustering.kernels.jit import intrinsic
from shoal.clustering.kernels.packing import VECTOR_BYTES

I32, I64 = ir.IntType(32), ir.IntType(64)
Value = Any
Builder = Any


def has_wide_registers() -> bool:
    """Say whether the CPU that kernels are compiled for has 32 registers of 64 bytes."""
    if numba.config.CPU_FEATURES is not None:
        return "+avx512f" in str(numba.config.CPU_FEATURES)
    return numba.config.CPU_NAME is None and bool(llvm.get_host_cpu_features().get("avx512f", False))


class Lanes:
    """Write vectors of one data type: `width` numbers of it, and as many 32-bit integers."""

    def __init__(self, builder: Builder, dtype: Any) -> None:
        self.builder = builder
        self.bits = dtype.bitwidth
        self.number = ir.FloatType() if self.bits == 32 else ir.DoubleType()
        self.width = VECTOR_BYTES * 8 // self.bits
        self.vector = ir.VectorType(self.number, self.width)
        self.integers = ir.VectorType(I32, self.width)

    def splat(self, value: Value) -> Value:
        """Fill a vector with one number or 32-bit integer."""
        seed = ir.Constant(ir.VectorType(value.type, self.width), ir.Undefined)
        one = self.builder.insert_element(seed, value, I32(0))
        return self.builder.shuffle_vector(one, seed, ir.Constant(self.integers, [0] * self.width))

    def constant(self, value: float) -> Value:
        """Fill a vector with one literal number."""
        return ir.Constant(self.vector, [value] * self.width)

    def load(self, base: Value, index: Value, aligned: bool = True) -> Value:
        """Load a vector that starts at element `index` of `base`."""
        pointer = self.builder.bitcast(self.builder.gep(base, [index]), self.vector.as_pointer())
        return self.builder.load(pointer, align=VECTOR_BYTES if aligned else self.bits // 8)

    def load_integers(self, base: Value, index: Value) -> Value:
        """Load as many 32-bit integers as a vector has lanes, from element `index` of `base`."""
        pointer = self.builder.bitcast(self.builder.gep(base, [index]), self.integers.as_pointer())
        return self.builder.load(pointer, align=self.width * 4)

    def store_integers(self, value: Value, base: Value, index: Value) -> None:
        """Store as many 32-bit integers as a vector has lanes, to element `index` of `base`."""
        pointer = self.builder.bitcast(self.builder.gep(base, [index]), self.integers.as_pointer())
        self.builder.store(value, pointer, align=self.width * 4)

    def multiply_add(self, a: Value, b: Value, c: Value) -> Value:
        """Return a * b + c, fused where the CPU can."""
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        name = f"llvm.fmuladd.v{self.width}f{self.bits}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [a, b, c])

    def below(self, a: Value, b: Value) -> Value:
        """Return the mask of lanes where a < b."""
        return self.builder.fcmp_ordered("<", a, b)

    def minimum(self, value: Value) -> Value:
        """Return the smallest number of a vector."""
        kind = ir.FunctionType(self.number, [self.vector])
        name = f"llvm.vector.reduce.fmin.v{self.width}f{self.bits}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [value], fastmath=("nnan", "nsz"))

    def mask_bits(self, mask: Value) -> Value:
        """Return a mask as the low bits of a 64-bit integer, lane 0 lowest."""
        return self.builder.zext(self.builder.bitcast(mask, ir.IntType(self.width)), I64)


def count_trailing_zeros(builder: Builder, value: Value) -> Value:
    """Return the position of the lowest set bit of a 64-bit integer that is not 0."""
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(I64, [I64, ir.IntType(1)]), "llvm.cttz.i64"
    )
    return builder.call(function, [value, ir.IntType(1)(1)])


def prefetch(builder: Builder, base: Value, index: Value) -> None:
    """Ask for the cache line of element `index` of `base` to be brought to the second-level cache."""
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, I32, I32, I32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [builder.bitcast(builder.gep(base, [index]), byte), I32(0), I32(2), I32(1)])


def _plain_loop(module: Any) -> Any:
    """Return the mark of a loop that is not to be vectorised or unrolled."""
    width = module.add_metadata([ir.MetaDataString(module, "llvm.loop.vectorize.width"), I32(1)])
    unroll = module.add_metadata([ir.MetaDataString(module, "llvm.loop.unroll.disable")])
    return module.add_metadata([width, unroll])


def repeat(
    builder: Builder,
    count: Value,
    carried: list[Value],
    body: Callable[[Value, list[Value]], list[Value]],
    plain: bool = False,
) -> list[Value]:
    """Write a loop over 0 <= i < count that carries values in registers; `count` is at least 1.

    A `plain` loop is left as it is by the optimiser, neither vectorised nor unrolled: for few rounds.
    """
    before = builder.block
    head = builder.append_basic_block("loop")
    after = builder.append_basic_block("done")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(I64)
    index.add_incoming(I64(0), before)
    phis = [builder.phi(value.type) for value in carried]
    for phi, value in zip(phis, carried, strict=True):
        phi.add_incoming(value, before)
    results = body(index, list(phis))
    following = builder.add(index, I64(1))
    index.add_incoming(following, builder.block)
    for phi, value in zip(phis, results, strict=True):
        phi.add_incoming(value, builder.block)
    branch = builder.cbranch(builder.icmp_signed("<", following, count), head, after)
    if plain:
        branch.set_metadata("llvm.loop", _plain_loop(builder.module))
    builder.position_at_end(after)
    return results


@intrinsic
def fetch_row(typing: Any, rows: Any, row: Any) -> Any:
    """Ask for a row of an array (n, d) to be brought to the second-level cache."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        array = context.make_array(rows)(context, builder, arguments[0])
        features = builder.extract_value(array.shape, 1)
        line = VECTOR_BYTES * 8 // rows.dtype.bitwidth
        start = builder.mul(arguments[1], features)

        def fetch(index: Value, carried: list[Value]) -> list[Value]:
            prefetch(builder, array.data, builder.add(start, builder.mul(index, I64(line))))
            return []

        repeat(builder, builder.udiv(builder.add(features, I64(line - 1)), I64(line)), [], fetch)
        return context.get_dummy_value()

    return types.void(rows, types.int64), generate


@intrinsic
def lowest_bit(typing: Any, word: Any) -> Any:
    """Return the position of the lowest set bit of a word that is not 0."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        return count_trailing_zeros(builder, arguments[0])

    return types.int64(types.uint64), generate
