"""The hot loops of hard Gaussian clustering.

Every mode is an exponential family, so one pass serves them all: the score of a row for a cluster,
-2 ln(weight x density) less what all clusters share, is linear in the features of the mode,

    tied        x                     (the quadratic term is common to all clusters, hence left out)
    spherical   x, |x|^2
    diagonal    x, x_c^2
    full        x, x_c x_e  (c <= e)

and the same features, summed by cluster, are the sufficient statistics. So the tile of K-Means does the work.
Features are made block by block in the first-level cache and never stored; labels are (blocks, 2, rows). A
pass adds and subtracts only the rows whose cluster changed. Rows are centred on the column medians, which
keeps the cancellation in these sums harmless; final numbers are computed anew from the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import types
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import intrinsic, kernel
from shoal.clustering.kernels.packing import ROW_VECTORS, VECTOR_BYTES, block_rows
from shoal.clustering.kernels.tile import TILE_VECTORS, nearest_of_tile
from shoal.clustering.kernels.vector import I64, Builder, Lanes, Value, lowest_bit
from shoal.clustering.modes import DIAGONAL, FULL, SPHERICAL, TIED

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]
Counts = NDArray[np.int64]

ROWS = block_rows(np.float64)


@kernel
def feature_count(kind: int, d: int) -> int:
    """Return how many features a mode has over d columns."""
    if kind == TIED:
        return d
    if kind == SPHERICAL:
        return d + 1
    if kind == DIAGONAL:
        return 2 * d
    return d + d * (d + 1) // 2


@intrinsic
def _write_product(
    typing: Any, blocks: Any, features: Any, block: Any, left: Any, right: Any, at: Any, mode: Any
) -> Any:
    """Write a feature of a block's rows: column `left` (mode 0), its product with `right` (1), added (2)."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: list[Value]) -> Value:
        kinds = zip(signature.args[:2], arguments[:2], strict=True)
        source, target = (context.make_array(kind)(context, builder, value) for kind, value in kinds)
        lanes = Lanes(builder, blocks.dtype)
        columns = builder.extract_value(source.shape, 1)
        place = [builder.add(builder.mul(arguments[2], columns), column) for column in arguments[3:5]]
        for v in range(ROW_VECTORS):
            starts = [builder.add(builder.mul(p, I64(ROWS)), I64(v * lanes.width)) for p in place]
            value = lanes.load(source.data, starts[0])
            if mode.literal_value > 0:
                value = builder.fmul(value, lanes.load(source.data, starts[1]))
            where = builder.add(builder.mul(arguments[5], I64(ROWS)), I64(v * lanes.width))
            if mode.literal_value > 1:
                value = builder.fadd(value, lanes.load(target.data, where))
            pointer = builder.bitcast(builder.gep(target.data, [where]), lanes.vector.as_pointer())
            builder.store(value, pointer, align=VECTOR_BYTES)
        return context.get_dummy_value()

    signature = types.void(blocks, features, types.int64, types.int64, types.int64, types.int64, mode)
    return signature, generate


@kernel
def expand(blocks: Doubles, b: int, kind: int, features: Doubles) -> None:
    """Write the features (1, F, `ROWS`) of one block of (blocks, d, `ROWS`); both are aligned."""
    d = blocks.shape[1]
    for c in range(d):
        _write_product(blocks, features, b, c, c, c, 0)
    if kind == SPHERICAL:
        _write_product(blocks, features, b, 0, 0, d, 1)
        for c in range(1, d):
            _write_product(blocks, features, b, c, c, d, 2)
    elif kind == DIAGONAL:
        for c in range(d):
            _write_product(blocks, features, b, c, c, d + c, 1)
    elif kind == FULL:
        at = d
        for c in range(d):
            for e in range(c, d):
                _write_product(blocks, features, b, c, e, at, 1)
                at += 1


@kernel
def assign(
    blocks: Doubles,
    weights: Doubles,
    kind: int,
    constants: Doubles,
    slopes: Doubles,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    features: Doubles,
) -> int:
    """Give each row to the cluster of its least score, keep the sums up to date, count the changes.

    `members` (k,) are rows of positive weight, `counts` (k,) and `sums` (k, F) weighted sums of one and of
    the features. A score is the cluster's constant + slopes . features; equal scores go to the lower
    number. `slopes` is (groups, F, `TILE_CENTRES`); it and `constants` are padded as `nearest_of_tile` asks.
    """
    n = weights.shape[0]
    size = blocks.shape[2]
    changed = 0
    for b in range(blocks.shape[0]):
        here = blocks[b : b + 1]
        if kind != TIED:
            expand(blocks, b, kind, features)
            here = features
        left = np.uint64(n - b * size)
        for vector in range(0, ROW_VECTORS, TILE_VECTORS):
            first = vector * (size // ROW_VECTORS)
            word = nearest_of_tile(here, slopes, constants, labels[b], 0, vector)
            while word != 0:
                r = first + lowest_bit(word)
                word &= word - np.uint64(1)
                if np.uint64(r) < left:
                    old, new = labels[b, 0, r], labels[b, 1, r]
                    labels[b, 0, r] = new
                    weight = weights[b * size + r]
                    if weight > 0.0:
                        members[old] -= 1
                        members[new] += 1
                    counts[old] -= weight
                    counts[new] += weight
                    for f in range(sums.shape[1]):
                        moved = weight * here[0, f, r]
                        sums[old, f] -= moved
                        sums[new, f] += moved
                    changed += 1
    return changed


@kernel
def gather(labels: Labels, renamed: Labels, numbers: Labels) -> None:
    """Write each row's label, renamed by `numbers`, to `renamed` (n,)."""
    size = labels.shape[2]
    for i in range(renamed.shape[0]):
        renamed[i] = numbers[labels[i // size, 0, i % size]]


@kernel
def members_moments(
    blocks: Doubles, weights: Doubles, labels: Labels, counts: Doubles, means: Doubles, scatters: Doubles
) -> None:
    """Write weights (k,), means (k, d) and covariances (k, d, d) of the members, in two passes.

    `labels` is (n,). Of packed rows, so means are relative to the origin that was packed with.
    """
    size = blocks.shape[2]
    k, d = means.shape
    counts[:] = 0.0
    means[:] = 0.0
    scatters[:] = 0.0
    for i in range(labels.shape[0]):
        counts[labels[i]] += weights[i]
        for c in range(d):
            means[labels[i], c] += weights[i] * blocks[i // size, c, i % size]
    for j in range(k):
        for c in range(d):
            means[j, c] /= counts[j] if counts[j] > 0.0 else 1.0
    for i in range(labels.shape[0]):
        j = labels[i]
        for c in range(d):
            gap = weights[i] * (blocks[i // size, c, i % size] - means[j, c])
            for e in range(c, d):
                scatters[j, c, e] += gap * (blocks[i // size, e, i % size] - means[j, e])
    for j in range(k):
        for c in range(d):
            for e in range(c, d):
                scatters[j, c, e] /= counts[j] if counts[j] > 0.0 else 1.0
                scatters[j, e, c] = scatters[j, c, e]
