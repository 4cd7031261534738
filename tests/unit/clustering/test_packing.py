"""Rows keep their values in every layout, and every way of assigning them agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shoal.clustering.canonical import canonical_order, ranks_of
from shoal.clustering.kernels.packing import CHUNKS, VECTOR_BYTES, block_rows, centring_offset, pack
from shoal.clustering.kernels.team import Team
from shoal.clustering.lloyd.bounded import BoundedState
from shoal.clustering.lloyd.moments import column_variances
from shoal.clustering.lloyd.state import Data, RowState, State

DTYPES = [np.float32, np.float64]
SHAPES = [(1, 1, 1), (63, 2, 3), (64, 3, 4), (65, 40, 5), (1000, 16, 33), (2100, 65, 70)]


def table(n: int, d: int, dtype: type) -> Any:
    return (np.random.default_rng(n + d).normal(size=(n, d)) + 3).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "d"), [(1, 1), (63, 2), (64, 31), (65, 33), (1000, 70)])
def test_blocks_hold_the_centred_rows_and_zeros(n: int, d: int, dtype: type) -> None:
    rows = table(n, d, dtype)
    packed = pack(rows, centring_offset(rows))
    unpacked = packed.blocks.transpose(0, 2, 1).reshape(-1, d)
    assert packed.blocks.shape == (-(-n // block_rows(dtype)), d, block_rows(dtype))
    assert packed.blocks.ctypes.data % VECTOR_BYTES == 0
    assert np.array_equal(unpacked[:n], rows - packed.offset)
    assert np.array_equal(packed.centred, rows - packed.offset)
    assert not unpacked[n:].any()


@pytest.mark.parametrize("n", [1, 900, 100_000])
def test_chunks_cover_all_blocks_in_order(n: int) -> None:
    packed = pack(np.zeros((n, 1)), np.zeros(1))
    bounds = packed.chunk_bounds()
    assert bounds.size == CHUNKS + 1
    assert bounds[0] == 0
    assert bounds[-1] == packed.block_count
    assert (np.diff(bounds) >= 0).all()


def test_the_offset_is_the_mean_of_few_rows_and_near_that_of_many() -> None:
    rows = np.random.default_rng(0).normal((5.0, -7.0), size=(50_000, 2))
    np.testing.assert_allclose(centring_offset(rows[:4000]), rows[:4000].mean(axis=0))
    np.testing.assert_allclose(centring_offset(rows), [5.0, -7.0], atol=0.1)


@pytest.mark.parametrize("weighted", [False, True])
def test_variances_are_the_textbooks(weighted: bool) -> None:
    rows = table(777, 3, np.float64)
    weights = np.random.default_rng(0).random(777) if weighted else np.empty(0)
    shares = weights if weighted else np.ones(777)
    gaps = rows - np.average(rows, axis=0, weights=shares)
    expected = np.average(gaps**2, axis=0, weights=shares)
    np.testing.assert_allclose(column_variances(pack(rows, rows.mean(axis=0)), weights), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [RowState, BoundedState])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "d", "k"), SHAPES)
def test_labels_and_sums_are_those_of_a_plain_search(
    kind: type[State], dtype: type, n: int, d: int, k: int
) -> None:
    rows = table(n, d, dtype)
    k = min(k, n)
    data = Data.of(pack(rows, centring_offset(rows)), np.empty(0))
    state = kind(data, rows[:k].astype(np.float64) - data.packed.offset, Team(1))
    for i in range(12):
        state.assign(keep_sums=i > 0)
        if i == 0:
            state.rebuild_sums()
        distances = np.square(rows[:, None].astype(float) - state.given_centres[None]).sum(axis=2)
        labels = state.renamed_labels()
        own = distances[np.arange(n), labels]
        np.testing.assert_allclose(own, distances.min(axis=1), rtol=1e-5 if dtype == np.float32 else 1e-12)
        state.sums.reduce()
        assert np.array_equal(state.sums.mass, np.bincount(labels, minlength=k))
        state.move_centres()
        for c in np.unique(labels):
            mean = rows[labels == c].mean(axis=0, dtype=np.float64)
            np.testing.assert_allclose(state.given_centres[c], mean, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", [RowState, BoundedState])
def test_of_equal_centres_the_lowest_is_taken(kind: type[State]) -> None:
    rows = table(300, 4, np.float64)
    data = Data.of(pack(rows, centring_offset(rows)), np.empty(0))
    centres = np.tile(rows[:3] - data.packed.offset, (30, 1))
    state = kind(data, centres, Team(1))
    state.assign(keep_sums=False)
    assert set(state.renamed_labels().tolist()) == {0, 1, 2}


def test_bounds_settle_most_rows_without_a_change_of_labels() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(6000, 24)) + 4 * random.normal(size=(50, 24))[random.integers(0, 50, 6000)]
    data = Data.of(pack(rows, centring_offset(rows)), np.empty(0))
    states = [kind(data, rows[:50] - data.packed.offset, Team(1)) for kind in (RowState, BoundedState)]
    for i in range(30):
        for state in states:
            state.assign(keep_sums=i > 0)
            if i == 0:
                state.rebuild_sums()
            state.sums.reduce()
            state.move_centres()
        assert np.array_equal(states[0].renamed_labels(), states[1].renamed_labels())


def test_canonical_order_is_by_mass_then_centre() -> None:
    order = canonical_order(
        np.array([1.0, 2.0, 1.0 + 1e-15]), np.array([[5.0, 0.0], [9.0, 9.0], [5.0, -1.0]])
    )
    assert order.tolist() == [1, 2, 0]
    assert ranks_of(order).tolist() == [2, 0, 1]
