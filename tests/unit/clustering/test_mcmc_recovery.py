"""The search finds the clusters there are, in any unit, from any start, also when all rows have changed."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

from shoal.clustering import MCMCClusterer

Table = np.ndarray[Any, Any]


def draw(n: int, d: int, k: int, gap: float, seed: int = 0) -> tuple[Table, Table]:
    """Return rows of k round blobs of deviation 1, the nearest `gap` apart, and each row's blob."""
    random = np.random.default_rng(seed)
    middles = random.uniform(-10, 10, (k, d))
    middles *= gap / pdist(middles).min()
    labels = random.integers(0, k, n)
    return middles[labels] + random.normal(size=(n, d)), labels


def stretched(n: int, d: int, factor: float, seed: int = 0) -> Table:
    """Return rows of one Gaussian that is longer by a factor in one direction, which is no axis."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, d))
    rows[:, 0] *= factor
    return np.asarray(rows @ np.linalg.qr(random.normal(size=(d, d)))[0])


def ellipses(n: int, k: int, seed: int = 0) -> tuple[Table, Table]:
    """Return rows of k ellipses whose axes differ by up to 25, far apart, and each row's ellipse."""
    random = np.random.default_rng(seed)
    middles = random.uniform(-1, 1, (k, 2))
    middles *= 45 / pdist(middles).min()
    labels = random.integers(0, k, n)
    rows = middles[labels]
    for j in range(k):
        turn = np.linalg.qr(random.normal(size=(2, 2)))[0]
        wide = np.exp(random.uniform(-np.log(5), np.log(5), 2))
        rows[labels == j] += (random.normal(size=((labels == j).sum(), 2)) * wide) @ turn
    return rows, labels


@pytest.fixture(scope="module")
def ten() -> tuple[Table, Table]:
    """Return 100,000 rows of ten well separated Gaussians in ten columns."""
    return draw(100_000, 10, 10, 8.0, seed=12345)


@pytest.mark.parametrize("init_k", [1, 8, 16])
@pytest.mark.parametrize("seed", range(5))
def test_ten_gaussians_are_ten_clusters(init_k: int, seed: int, ten: tuple[Table, Table]) -> None:
    rows, truth = ten
    model = MCMCClusterer(init_k, random_state=seed).fit(rows)
    assert model.n_clusters_ == 10
    assert adjusted_rand_score(truth, model.labels_) >= 0.99


def test_the_unit_of_the_rows_does_not_matter(ten: tuple[Table, Table]) -> None:
    rows = ten[0]
    plain = MCMCClusterer(random_state=0).fit(rows)
    for unit in (1e-3, 1e3):
        other = MCMCClusterer(random_state=0).fit(rows * unit)
        assert np.array_equal(other.labels_, plain.labels_)
        assert other.cluster_centers_ == pytest.approx(plain.cluster_centers_ * unit, rel=1e-9)


@pytest.mark.parametrize("gap", [3.5, 5.0])
def test_overlapping_clusters_are_found_alike_in_any_unit_and_place(gap: float) -> None:
    rows = draw(3000, 4, 5, gap, seed=3)[0]
    plain = MCMCClusterer(random_state=0).fit(rows)
    assert plain.n_clusters_ == 5
    for unit, shift in [(1e-3, 0.0), (1e3, 0.0), (1024.0, 0.0), (1.0, 1e6), (1e-200, 0.0), (1e100, 0.0)]:
        other = MCMCClusterer(random_state=0).fit(rows * unit + shift)
        assert adjusted_rand_score(other.labels_, plain.labels_) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("before", [3, 5])
@pytest.mark.parametrize("chunk", [1, 90, 900])
def test_centres_follow_when_the_whole_frame_is_replaced(before: int, chunk: int) -> None:
    old, new = draw(900, 3, before, 9.0, seed=1)[0], draw(900, 3, 3, 9.0, seed=2)[0] + 500.0
    model = MCMCClusterer(frame_size=900, random_state=0).fit(old)
    start = time.monotonic()
    for rows in np.array_split(new, 900 // chunk):
        model.absorb(rows)
        model.iterate()
    while time.monotonic() - start < 5 and not (model.cluster_centers_ > 250).all():
        model.iterate()
    assert (model.cluster_centers_ > 250).all()
    assert model.n_clusters_ == 3


EIGHT = np.array([
    (7.2, 6, 8, 11, 10), (-8, -10.5, -7, -8.5, -9), (42, 41.2, 42, 40.2, 45), (9, 8, 7, 7.5, 10),
    (7.2, 6, 8, 11, 10), (-9, -10, -8, -8, -7.5), (42, 41.2, 42.2, 40.2, 45), (50, 51.2, 49, 40, 45.2),
])  # fmt: skip


@pytest.mark.parametrize("init_k", [1, 3, 8])
@pytest.mark.parametrize("seed", range(3))
def test_eight_vectors_are_three_clusters(init_k: int, seed: int) -> None:
    labels = MCMCClusterer(init_k, random_state=seed).fit(EIGHT).labels_
    assert adjusted_rand_score(labels, [0, 1, 2, 0, 0, 1, 2, 2]) == 1


@pytest.mark.parametrize("seed", range(3))
def test_three_gaussians_are_found_within_distance_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    middles = np.array([[0.0, 0.0, 0.0], [0.0, 15.0, 0.0], [-5.0, -5.0, 5.0]])
    rows = middles[random.choice(3, 10_000, p=[0.2, 0.3, 0.5])] + random.normal(size=(10_000, 3))
    centres = MCMCClusterer(random_state=seed).fit(rows).cluster_centers_
    assert len(centres) == 3
    assert np.linalg.norm(centres - middles[[2, 1, 0]], axis=1).max() < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_ten_values_that_reward_clusters_are_four_or_five(seed: int) -> None:
    rows = np.array([7.0, 1, 38, 2, 7, 1, 38, 2, 7, 38])[:, None]
    model = MCMCClusterer(b=1e-5, amp=10, random_state=seed).fit(rows)
    assert model.n_clusters_ in (4, 5)


@pytest.mark.parametrize("method", ["search", "textbook", "original"])
@pytest.mark.parametrize("n", [1, 2, 50])
def test_equal_rows_are_one_cluster(method: str, n: int) -> None:
    model = MCMCClusterer(method=method, random_state=0).fit(np.full((n, 3), 4.2))
    assert model.n_clusters_ == 1 or method == "original"
    assert model.cluster_centers_[0] == pytest.approx([4.2] * 3, abs=1)


@pytest.mark.parametrize("method", ["search", "textbook", "original"])
def test_four_hundred_columns_overflow_nothing(method: str) -> None:
    rows, truth = draw(600, 400, 3, 30.0)
    model = MCMCClusterer(method=method, random_state=0).fit(rows)
    assert all(np.isfinite(value) for value in model.metrics_.values())
    assert np.isfinite(model.cluster_centers_).all()
    assert model.metrics_["acceptations"] > 0
    if method != "original":
        assert adjusted_rand_score(truth, model.labels_) == 1


@pytest.mark.parametrize("n", [100, 1000])
def test_one_cluster_is_not_split_and_rounded_values_are_no_clusters(n: int) -> None:
    random = np.random.default_rng(n)
    for d in (1, 2, 10):
        rows = random.normal(size=(n, d)) * 3
        for table in (rows, rows.round(), random.uniform(size=(n, d))):
            assert MCMCClusterer(random_state=0).fit(table).n_clusters_ == 1


def test_clusters_do_not_grow_without_end_river_1086() -> None:
    random = np.random.default_rng(0)
    model = MCMCClusterer(max_k=7, frame_size=500, random_state=0)
    for step in range(200):
        model.partial_fit(random.normal(size=(25, 2)) * random.uniform(0.1, 9) + step)
        assert 1 <= model.n_clusters_ <= 7


def test_every_row_is_in_the_cluster_of_its_nearest_centre_river_1324() -> None:
    rows = draw(2000, 3, 6, 3.0)[0]
    model = MCMCClusterer(frame_size=700, random_state=0)
    for chunk in np.array_split(rows, 40):
        model.partial_fit(chunk)
        gaps = np.linalg.norm(model.frame_[:, None] - model.cluster_centers_[None], axis=2)
        assert np.array_equal(model.predict(model.frame_), gaps.argmin(axis=1))


@pytest.mark.parametrize("method", ["search", "textbook", "original"])
def test_there_is_never_no_cluster_river_1466(method: str) -> None:
    model = MCMCClusterer(method=method, frame_size=20, prob_k=(9, 1, 1), random_state=0)
    for number in range(60):
        model.partial_fit([[float(number // 7), 1.0]])
        assert model.n_clusters_ >= 1
        assert model.predict([[5.0, 5.0]])[0] >= 0


def test_no_cluster_is_without_rows_river_2006() -> None:
    random = np.random.default_rng(0)
    model = MCMCClusterer(frame_size=300, random_state=0)
    for step in range(60):
        model.partial_fit(random.normal(size=(60, 2)) + 40 * (step % 4))
        for _ in range(5):
            model.iterate()
        assert (model.counts_ > 0).all()
        assert model.counts_.sum() == len(model.frame_)


@pytest.mark.parametrize("factor", [3.0, 5.0, 10.0])
@pytest.mark.parametrize("d", [2, 5, 20])
def test_a_stretched_cluster_is_one_when_shapes_are_elongated(factor: float, d: int) -> None:
    model = MCMCClusterer(shape="elongated", random_state=0).fit(stretched(1000, d, factor))
    assert model.n_clusters_ == 1


def test_elongated_shapes_are_joined_where_there_is_no_gap_only() -> None:
    rows = draw(3000, 2, 8, 5.0)[0]
    assert MCMCClusterer(shape="elongated", random_state=0).fit(rows).n_clusters_ == 8
    rows, truth = ellipses(3000, 5)
    assert MCMCClusterer(random_state=0).fit(rows).n_clusters_ > 5
    model = MCMCClusterer(shape="elongated", random_state=0).fit(rows)
    assert adjusted_rand_score(truth, model.labels_) > 0.99
    assert model.metrics_["centres"] > model.metrics_["k"] == 5
    assert np.array_equal(model.predict(rows), model.labels_)
    assert np.array_equal(model.counts_, np.bincount(model.labels_))


def test_long_clusters_side_by_side_are_parted_by_more_detail() -> None:
    long = stretched(1500, 2, 10.0, seed=6)
    rows = np.vstack([long, long + 9.0 * np.linalg.svd(long, full_matrices=False)[2][1]])
    truth = np.repeat([0, 1], 1500)
    assert MCMCClusterer(shape="elongated", random_state=0).fit(rows).n_clusters_ == 1
    model = MCMCClusterer(shape="elongated", amp=4, random_state=0).fit(rows)
    assert adjusted_rand_score(truth, model.labels_) > 0.98
