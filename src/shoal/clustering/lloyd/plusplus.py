"""Choose starting centres among the rows: greedy k-means++, or at random.

Each next centre is the best of 2 + floor(ln k) rows drawn with a chance proportional to weight times squared
distance from the centres so far (Arthur and Vassilvitskii 2007, section 5; the form that scikit-learn uses).
The choice depends on what the rows and weights are, not on their order (see `drawing`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from shoal.base.errors import InvalidInput
from shoal.clustering.kernels.drawing import (
    PARTS,
    Hashes,
    Rows,
    draw_row,
    hash_rows,
    mass_by_part,
    order_by_part,
)
from shoal.clustering.kernels.jit import kernel, summing_kernel
from shoal.clustering.kernels.packing import Doubles, Floats, PackedRows, centring_offset, pack


@summing_kernel
def _spread_to(blocks: Floats, b: int, point: Floats, gaps: Floats) -> None:
    """Write the squared distances of a block's rows to a point (d,)."""
    gaps[:] = 0.0
    for j in range(blocks.shape[1]):
        for r in range(gaps.shape[0]):
            gap = blocks[b, j, r] - point[j]
            gaps[r] += gap * gap


@summing_kernel
def _lowered(gaps: Floats, first: int, weights: Doubles, spread: Doubles) -> float:
    """Return the weighted sum of a block's squared distances, each lowered to `gaps` where that is less."""
    total = 0.0
    for r in range(gaps.shape[0]):
        total += weights[first + r] * min(spread[first + r], np.float64(gaps[r]))
    return total


@kernel
def _potentials(blocks: Floats, points: Floats, weights: Doubles, spread: Doubles, sums: Doubles) -> None:
    """Write, for each point (t, d), the weighted sum of squared distances if it became a centre.

    Every block is met once, by all points in turn while it is in the first-level cache.
    """
    size = blocks.shape[2]
    gaps = np.empty(size, blocks.dtype)
    sums[:] = 0.0
    for b in range(blocks.shape[0]):
        for t in range(points.shape[0]):
            _spread_to(blocks, b, points[t], gaps)
            sums[t] += _lowered(gaps, b * size, weights, spread)


@kernel
def _take(blocks: Floats, point: Floats, weights: Doubles, spread: Doubles, masses: Doubles) -> None:
    """Make a point a centre: lower the squared distances to the nearest, and the masses to draw by."""
    size = blocks.shape[2]
    gaps = np.empty(size, blocks.dtype)
    for b in range(blocks.shape[0]):
        _spread_to(blocks, b, point, gaps)
        for r in range(size):
            i = b * size + r
            spread[i] = min(spread[i], np.float64(gaps[r]))
            masses[i] = weights[i] * spread[i]


@kernel
def _point(blocks: Floats, row: int, point: Floats) -> None:
    size = blocks.shape[2]
    for j in range(point.shape[0]):
        point[j] = blocks[row // size, j, row % size]


@kernel
def _greedy(
    blocks: Floats,
    weights: Doubles,
    hashes: Hashes,
    order: Rows,
    starts: Rows,
    chances: Doubles,
    chosen: Rows,
) -> None:
    """Choose `chosen` (k,) with the random numbers `chances` (k, tries); `weights` are padded with 0."""
    tries = chances.shape[1]
    points = np.empty((tries, blocks.shape[1]), blocks.dtype)
    drawn = np.zeros(tries, np.int64)
    sums = np.zeros(tries)
    spread = np.full(weights.shape[0], np.inf)
    masses = weights.copy()
    by_part = np.empty(PARTS)
    for c in range(chosen.shape[0]):
        total = mass_by_part(hashes, masses, by_part)
        # Else every row lies on a centre: there are fewer distinct rows than centres, and any will do.
        if total > 0.0:
            for t in range(tries):
                drawn[t] = draw_row(hashes, order, starts, masses, by_part, chances[c, t] * total)
                _point(blocks, drawn[t], points[t])
            if c > 0:
                _potentials(blocks, points, weights, spread, sums)
        best = np.argmin(sums)
        chosen[c] = drawn[best]
        _take(blocks, points[best], weights, spread, masses)


class Seeding:
    """Choose starting centres among packed rows, as often as need be."""

    def __init__(self, packed: PackedRows, weights: Doubles) -> None:
        """Prepare the choice; `weights` is (n,), or empty for weights of one."""
        self._packed = packed
        self._weights = np.zeros(packed.blocks.shape[0] * packed.blocks.shape[2])
        self._weights[: packed.count] = weights if weights.size else 1.0
        self._hashes = hash_rows(packed.rows)
        self._order = np.empty(packed.count, np.int64)
        self._starts = np.empty(PARTS + 1, np.int64)
        order_by_part(self._hashes, self._order, self._starts)

    def plus_plus(self, k: int, random: RandomState, tries: int | None = None) -> Rows:
        """Return the indices (k,) of rows chosen by greedy k-means++."""
        tries = tries or 2 + int(np.log(k))
        chosen = np.zeros(k, np.int64)
        chances = random.random_sample((k, tries))
        _greedy(self._packed.blocks, self._weights, self._hashes, self._order, self._starts, chances, chosen)
        return chosen

    def random(self, k: int, random: RandomState) -> Rows:
        """Return the indices (k,) of rows drawn by weight, no two alike as long as there are unlike ones."""
        masses = self._weights[: self._packed.count].copy()
        by_part = np.empty(PARTS)
        chosen = np.zeros(k, np.int64)
        for c, chance in enumerate(random.random_sample(k)):
            total = mass_by_part(self._hashes, masses, by_part)
            if total > 0:
                chosen[c] = draw_row(self._hashes, self._order, self._starts, masses, by_part, chance * total)
                masses[self._hashes == self._hashes[chosen[c]]] = 0.0
        return chosen


def kmeans_plusplus(
    X: ArrayLike,
    n_clusters: int,
    *,
    sample_weight: ArrayLike | None = None,
    random_state: int | RandomState | None = None,
    n_local_trials: int | None = None,
) -> tuple[Floats, Rows]:
    """Return starting centres (k, d), and the indices (k,) of the rows they are, by greedy k-means++.

    `X` is (n, d), finite, k <= n; `sample_weight` (n,) is not negative, not all zero; else `InvalidInput`.
    """
    from sklearn.utils import check_random_state

    rows = _as_rows(X)
    if not 1 <= n_clusters <= rows.shape[0]:
        raise InvalidInput(
            f"{rows.shape[0]} rows cannot give {n_clusters} starting centres.",
            hint="Ask for at least one and at most as many as there are rows.",
        )
    weights = np.empty(0) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    _refuse_bad_weights(weights, rows.shape[0])
    seeding = Seeding(pack(rows, centring_offset(rows)), weights)
    chosen = seeding.plus_plus(n_clusters, check_random_state(random_state), n_local_trials)
    return rows[chosen], chosen


def _as_rows(X: ArrayLike) -> Floats:
    given = np.asarray(X)
    dtype: Any = np.float32 if given.dtype == np.float32 else np.float64
    rows: NDArray[Any] = np.ascontiguousarray(given, dtype=dtype)
    if rows.ndim != 2 or not np.isfinite(rows).all():
        raise InvalidInput("The rows are not a table of finite numbers.", hint="Give an array (n, d).")
    return rows


def _refuse_bad_weights(weights: Doubles, n: int) -> None:
    if weights.size and not (weights.shape == (n,) and np.isfinite(weights).all() and weights.min() >= 0):
        raise InvalidInput("The weights are not one finite number from 0 upwards for each row.")
    if weights.size and not weights.any():
        raise InvalidInput("Every weight is 0.", hint="Give at least one row a weight.")
