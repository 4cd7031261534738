"""K-Means of a stream: the same however rows are cut, forgetting as told, never stranded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from shoal.clustering.online.adapting import adapt
from shoal.clustering.online.lanes import table_of
from shoal.clustering.online.learning import label, learn
from shoal.clustering.online.ward import merged_down
from shoal.clustering.online_kmeans import OnlineKMeans

Rows = np.ndarray[Any, np.dtype[np.float64]]
NONE = np.empty(0)


@pytest.fixture
def draw() -> Callable[..., tuple[Rows, Any, Rows]]:
    """Return a function that draws rows of blobs 8 deviations apart, their blobs, and the middles."""

    def draw(k: int, n: int, d: int, seed: int, shift: float = 0.0) -> tuple[Rows, Any, Rows]:
        random = np.random.default_rng(seed)
        reach, middles = 10.0, np.empty((0, d))
        while len(middles) < k:
            middle = random.uniform(-reach, reach, d)
            if len(middles) == 0 or np.linalg.norm(middles - middle, axis=1).min() > 8:
                middles = np.vstack([middles, middle])
            reach *= 1.02
        blobs = random.integers(0, k, n)
        return middles[blobs] + random.normal(size=(n, d)) + shift, blobs, middles + shift

    return draw


def followed(centres: Rows, rows: Rows, half_life: float | None, weights: Rows) -> tuple[Rows, Rows]:
    """Move centres by rows, a weight of w being w equal rows, one after the other: the plainest way."""
    centres, masses = centres.copy(), np.zeros(len(centres))
    keep = 0.5 ** (1 / half_life) if half_life else 1.0
    for row, weight in zip(rows, weights, strict=True):
        for _ in range(int(weight)):
            nearest = int(np.square(centres - row).sum(axis=1).argmin())
            masses *= keep
            masses[nearest] += 1
            centres[nearest] += (row - centres[nearest]) / masses[nearest]
    return centres, masses


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 40),
    st.integers(1, 13),
    st.sampled_from([None, 3.0, 500.0]),
    st.booleans(),
    st.integers(0, 99),
)
def test_rows_move_centres_as_by_the_plainest_way(
    k: int, d: int, half_life: float | None, weighted: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # So far apart that rows of a group cannot change one another's centre.
    centres = 100.0 * np.arange(k)[:, None] + random.normal(size=(k, d))
    rows = centres[random.integers(0, k, 203)] + random.normal(size=(203, d))
    weights = random.integers(0, 4, 203).astype(float) if weighted else np.ones(203)
    table, masses, unit = table_of(centres), np.zeros(k), 1.0
    for first in range(0, 203, 77):
        end, doublings = min(first + 77, 203), 1 / half_life if half_life else 0.0
        unit = learn(rows, weights if weighted else NONE, first, end, table, masses, unit, doublings)
    expected, expected_masses = followed(centres, rows, half_life, weights)
    np.testing.assert_allclose(table[:, :k].T, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(masses / unit, expected_masses, rtol=1e-9, atol=1e-12)
    assert np.isinf(table[:, k:]).all()


@pytest.mark.parametrize("k", [1, 7, 8, 9, 130])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 64])
def test_the_nearest_centre_is_found_and_the_lowest_of_equals(k: int, n: int) -> None:
    random = np.random.default_rng(k + n)
    centres = random.integers(-2, 3, (k, 2)).astype(float)
    rows = random.integers(-2, 3, (n, 2)).astype(float)
    labels = np.empty(n, np.int64)
    label(rows, table_of(centres), labels)
    assert np.array_equal(labels, np.square(rows[:, None] - centres).sum(axis=2).argmin(axis=1))


def test_masses_stay_exact_when_the_unit_grows_beyond_numbers() -> None:
    table, masses, unit, rows = table_of(np.zeros((1, 1))), np.zeros(1), 1.0, np.ones((100_000, 1))
    unit = learn(rows, NONE, 0, 100_000, table, masses, unit, 1.0)
    assert masses[0] / unit == 2.0
    assert unit <= 2.0**61
    unit = learn(rows, np.full(5, 1e6), 0, 5, table, masses, unit, 1.0)
    assert masses[0] / unit == 2.0


@pytest.mark.parametrize(
    "settings_", [{}, {"half_life": None, "adapt": False}, {"scale": "std", "half_life": 300}]
)
def test_no_cut_of_the_rows_changes_a_bit(settings_: dict[str, Any], draw: Any) -> None:
    rows, _, _ = draw(5, 5000, 4, 3)
    rows[2500:] += 40
    random = np.random.default_rng(0)
    results = []
    for sizes in ([5000], [1], [997], random.integers(1, 900, 60), [4, 3]):
        model, first = OnlineKMeans(5, random_state=1, **settings_), 0
        for size in np.resize(sizes, 5000):
            model.partial_fit(rows[first : first + size])
            first += size
            if first >= 5000:
                break
        results.append((model.cluster_centers_, model.masses_, model.counts_, model.metrics_))
    for other in results[1:]:
        for mine, theirs in zip(results[0], other, strict=True):
            assert np.array_equal(np.asarray(mine), np.asarray(theirs)) or mine == theirs


def test_old_rows_are_forgotten_by_half_in_a_half_life() -> None:
    rows = np.concatenate([np.zeros(1000), np.ones(1000)])[:, None]
    model = OnlineKMeans(1, half_life=1000, adapt=False, init=[[0.0]]).partial_fit(rows)
    assert model.cluster_centers_[0, 0] == pytest.approx(2 / 3, rel=1e-3)
    assert OnlineKMeans(1, half_life=None, adapt=False).fit(rows).cluster_centers_[0, 0] == pytest.approx(0.5)


def test_weights_equal_repeats(draw: Any) -> None:
    rows, _, _ = draw(4, 3000, 3, 5)
    times = np.random.default_rng(0).integers(1, 4, 3000)
    chosen: dict[str, Any] = {"init": rows[:4], "adapt": False, "half_life": 700, "random_state": 0}
    weighted = OnlineKMeans(4, **chosen).partial_fit(rows, sample_weight=times)
    repeated = OnlineKMeans(4, **chosen).partial_fit(np.repeat(rows, times, axis=0))
    # The start is made of 200 rows of either, which are not the same; it is forgotten.
    pair = [(m.cluster_centers_, m.masses_, m.cluster_centers_[:, 0].argsort()) for m in (weighted, repeated)]
    centres, masses = zip(*((centres[order], masses[order]) for centres, masses, order in pair), strict=True)
    np.testing.assert_allclose(centres[0], centres[1], atol=1e-3)
    np.testing.assert_allclose(masses[0], masses[1], rtol=1e-3)


@pytest.mark.parametrize(("k", "d"), [(3, 2), (10, 2), (10, 10), (30, 10), (30, 50)])
def test_blobs_are_found_and_found_again_when_all_have_moved(k: int, d: int, draw: Any) -> None:
    rows, blobs, _ = draw(k, 20_000, d, seed=k + d)
    model = OnlineKMeans(k, half_life=5000, random_state=0)
    model.partial_fit(rows)
    assert adjusted_rand_score(blobs, model.predict(rows)) > 0.99
    moved, blobs, _ = draw(k, 20_000, d, seed=k + d + 1, shift=30.0)
    for first in range(0, 20_000, 1000):
        model.partial_fit(moved[first : first + 1000])
    assert adjusted_rand_score(blobs, model.predict(moved)) > 0.99


def test_without_adapting_centres_are_left_behind(draw: Any) -> None:
    model = OnlineKMeans(5, half_life=None, adapt=False, random_state=0).partial_fit(draw(5, 5000, 2, 1)[0])
    rows, blobs, _ = draw(5, 5000, 2, 2, shift=100.0)
    assert adjusted_rand_score(blobs, model.partial_fit(rows).predict(rows)) < 0.9
    assert model.metrics_["jumps"] == model.metrics_["swaps"] == 0


def test_centres_at_rest_are_let_be(draw: Any) -> None:
    model = OnlineKMeans(6, random_state=0)
    for seed in range(10):
        model.partial_fit(draw(6, 4000, 3, 8)[0][np.random.default_rng(seed).permutation(4000)])
    assert model.metrics_["swaps"] == 0
    assert model.metrics_["jumps"] == 0


def test_a_swap_frees_one_of_two_centres_in_a_blob_for_one_between_two(draw: Any) -> None:
    rows, _, middles = draw(4, 2000, 3, 2)
    centres = np.array([middles[0] - 0.5, middles[0] + 0.5, middles[1], (middles[2] + middles[3]) / 2])
    masses = np.full(4, 500.0)
    _, swaps = adapt(rows, NONE, centres, masses, table_of(centres))
    gaps = np.linalg.norm(centres - middles[:, None], axis=2).min(axis=1)
    assert swaps >= 1
    assert gaps.max() < 1.5
    assert masses.sum() > 0


def test_a_centre_without_rows_is_free_even_of_two() -> None:
    random = np.random.default_rng(0)
    rows = np.where(random.random(500) < 0.5, 0.0, 50.0)[:, None] + random.normal(size=(500, 1))
    centres = np.array([[25.0], [1e4]])
    adapt(rows, NONE, centres, np.ones(2), table_of(centres))
    np.testing.assert_allclose(np.sort(centres.ravel()), [0, 50], atol=1)


def test_equal_rows_make_no_unrest() -> None:
    model = OnlineKMeans(3, random_state=0)
    for _ in range(6):
        model.partial_fit(np.full((1000, 2), 1 / 3))
    assert model.n_clusters_ == 1
    assert model.metrics_["jumps"] == 0
    rows = np.random.default_rng(0).choice([0.0, 7.0, 9.0], 4000)[:, None]
    model = OnlineKMeans(3, random_state=0).partial_fit(np.zeros((2000, 1))).partial_fit(rows)
    assert sorted(model.cluster_centers_.ravel().round(6)) == [0, 7, 9]


def test_merging_down_joins_what_costs_least() -> None:
    centres = np.array([[0.0], [1.0], [10.0], [11.0], [500.0]])
    merged, masses = merged_down(centres, np.array([1.0, 3.0, 1.0, 1.0, 0.0]), 2)
    assert merged.ravel().tolist() == [0.75, 10.5]
    assert masses.tolist() == [4, 2]
    assert centres[0, 0] == 0


def test_memory_does_not_follow_the_stream() -> None:
    model = OnlineKMeans(5, random_state=0)
    for seed in range(5):
        model.partial_fit(np.random.default_rng(seed).normal(size=(20_000, 2)))
    assert len(model.frame_) == 2048
    assert len(model.snapshot()) < 2 * 8 * 2 * 3100
    assert model.n_rows_seen_ == 100_000
