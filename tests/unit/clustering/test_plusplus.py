"""Starting centres: greedy, by weight, and by what the rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import kmeans_plusplus as peer

from shoal.base.errors import InvalidInput
from shoal.clustering.kernels.drawing import PARTS, draw_row, hash_rows, mass_by_part, order_by_part
from shoal.clustering.kernels.packing import centring_offset, pack
from shoal.clustering.lloyd.plusplus import Seeding, kmeans_plusplus


def potential(rows: Any, centres: Any) -> float:
    return float(np.square(rows[:, None] - centres[None]).sum(axis=2).min(axis=1).sum())


def test_centres_are_rows_and_distinct() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    centres, chosen = kmeans_plusplus(rows, 20, random_state=0)
    assert np.array_equal(centres, rows[chosen])
    assert len(set(chosen.tolist())) == 20


def test_choices_are_as_good_as_scikit_learns() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(500, 4)) + 5 * random.normal(size=(10, 4))[random.integers(0, 10, 500)]
    ours = [potential(rows, kmeans_plusplus(rows, 10, random_state=seed)[0]) for seed in range(60)]
    theirs = [potential(rows, peer(rows, 10, random_state=seed)[0]) for seed in range(60)]
    assert np.mean(ours) < 1.1 * np.mean(theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neither_order_nor_repeating_matters(dtype: type) -> None:
    random = np.random.default_rng(1)
    rows: Any = random.normal(size=(300, 4)).astype(dtype)
    weights = random.integers(0, 4, 300)
    copies = np.repeat(rows, weights, axis=0)[random.permutation(weights.sum())]
    for seed in range(20):
        weighted = kmeans_plusplus(rows, 8, sample_weight=weights, random_state=seed)[0]
        assert np.array_equal(weighted, kmeans_plusplus(copies, 8, random_state=seed)[0])


def test_rows_without_weight_are_not_chosen() -> None:
    rows = np.arange(40.0)[:, None]
    weights = (rows[:, 0] < 10).astype(float)
    for seed in range(10):
        assert kmeans_plusplus(rows, 5, sample_weight=weights, random_state=seed)[1].max() < 10


def test_fewer_distinct_rows_than_centres_repeat() -> None:
    centres, _ = kmeans_plusplus(np.ones((5, 2)), 3, random_state=0)
    assert centres.tolist() == [[1.0, 1.0]] * 3


def test_random_start_takes_unlike_rows() -> None:
    rows = np.repeat(np.arange(6.0), 50)[:, None]
    seeding = Seeding(pack(rows, centring_offset(rows)), np.empty(0))
    for seed in range(10):
        chosen = seeding.random(6, np.random.RandomState(seed))
        assert sorted(rows[chosen, 0].tolist()) == [0, 1, 2, 3, 4, 5]


def test_rows_are_drawn_by_their_mass() -> None:
    rows = np.arange(4.0)[:, None]
    masses = np.array([1.0, 0.0, 2.0, 5.0])
    hashes = hash_rows(rows)
    order, starts, by_part = np.empty(4, np.int64), np.empty(PARTS + 1, np.int64), np.empty(PARTS)
    order_by_part(hashes, order, starts)
    total = mass_by_part(hashes, masses, by_part)
    targets = (np.arange(800) + 0.5) / 800 * total
    drawn = [draw_row(hashes, order, starts, masses, by_part, target) for target in targets]
    assert np.bincount(drawn, minlength=4).tolist() == [100, 0, 200, 500]


def test_zeros_of_either_sign_are_alike() -> None:
    assert len(set(hash_rows(np.array([[0.0], [-0.0]])).tolist())) == 1


@pytest.mark.parametrize(
    ("k", "weights"), [(0, None), (4, None), (2, [0, 0, 0]), (2, [1, -1, 1]), (2, [1, 1])]
)
def test_impossible_wishes_are_refused(k: int, weights: Any) -> None:
    with pytest.raises(InvalidInput):
        kmeans_plusplus([[1.0], [2.0], [3.0]], k, sample_weight=weights)
    with pytest.raises(InvalidInput):
        kmeans_plusplus([[np.nan], [2.0]], 1)
