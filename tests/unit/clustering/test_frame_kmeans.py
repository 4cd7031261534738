"""K-Means on a frame is Lloyd's algorithm, follows what arrives, and may be spread over several places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.online.frame import Frame
from shoal.clustering.online.partials import combine, moved, partial, wanting

Rows = np.ndarray[Any, np.dtype[np.float64]]

# The eight rows of distclus' own tests, and what they are clustered into.
EIGHT = np.array(
    [
        (7.2, 6, 8, 11, 10),
        (-8, -10.5, -7, -8.5, -9),
        (42, 41.2, 42, 40.2, 45),
        (9, 8, 7, 7.5, 10),
        (7.2, 6, 8, 11, 10),
        (-9, -10, -8, -8, -7.5),
        (42, 41.2, 42.2, 40.2, 45),
        (50, 51.2, 49, 40, 45.2),
    ]
)
CENTRES = [
    (7.8, 20 / 3, 23 / 3, 59 / 6, 10),
    (-8.5, -10.25, -7.5, -8.25, -8.25),
    (134 / 3, 133.6 / 3, 44.4, 120.4 / 3, 135.2 / 3),
]


@pytest.fixture
def draw() -> Callable[..., tuple[Rows, Rows]]:
    """Return a function that draws rows of blobs well apart, and the middles of these."""

    def draw(k: int, n: int, seed: int, d: int = 3, shift: float = 0.0) -> tuple[Rows, Rows]:
        random = np.random.default_rng(seed)
        middles = random.permutation(12 * np.arange(k))[:, None] + random.uniform(-2, 2, (k, d)) + shift
        return middles[random.integers(0, k, n)] + random.normal(size=(n, d)), middles

    return draw


def missed(model: FrameKMeans, middles: Rows) -> float:
    """Return how far the middle of a blob is from the nearest centre, at the most."""
    return float(np.linalg.norm(model.cluster_centers_ - middles[:, None], axis=2).min(axis=1).max())


def test_the_eight_rows_of_the_original_are_exact() -> None:
    model = FrameKMeans(3, init="given").fit(EIGHT)
    assert model.labels_.tolist() == [0, 1, 2, 0, 0, 1, 2, 2]
    np.testing.assert_allclose(model.cluster_centers_, CENTRES, rtol=1e-14)
    assert model.settled_


def test_steps_are_those_of_lloyds_algorithm(draw: Any) -> None:
    rows, _ = draw(6, 2000, 3)
    for steps in (1, 2, 7, 100):
        model = FrameKMeans(6, init=rows[:6], max_iter=steps).fit(rows)
        peer = KMeans(6, init=rows[:6], n_init=1, tol=0, max_iter=steps).fit(rows)
        # scikit-learn gives the labels of the last centres when it stops early, and so do we.
        np.testing.assert_allclose(model.cluster_centers_, peer.cluster_centers_, rtol=1e-12, atol=1e-12)
        assert np.array_equal(model.labels_, peer.predict(rows))
        assert model.inertia_ == pytest.approx(-peer.score(rows), rel=1e-9)


def test_rest_means_that_another_step_changes_nothing(draw: Any) -> None:
    model = FrameKMeans(5, random_state=0).fit(draw(5, 700, 1)[0])
    assert model.settled_
    centres = model.cluster_centers_.copy()
    model._rested = []
    assert model.iterate()
    assert np.array_equal(model.cluster_centers_, centres)
    model.absorb([[500.0, 0.0, 0.0]])
    assert not model.settled_


def test_the_lowest_centre_wins_ties() -> None:
    model = FrameKMeans(2, init=[[0.0], [2.0]], max_iter=1).fit([[0.0], [1.0], [2.0]])
    assert model.cluster_centers_.tolist() == [[0.5], [2.0]]


@pytest.mark.parametrize("piece", [1, 50, 900])
@pytest.mark.parametrize("seed", range(4))
def test_centres_follow_when_a_whole_frame_is_replaced(draw: Any, piece: int, seed: int) -> None:
    old, _ = draw(3 + seed, 900, seed)
    new, middles = draw(3 + seed, 900, seed + 50, shift=80.0)
    model = FrameKMeans(3 + seed, frame_size=900, random_state=seed).partial_fit(old)
    for _ in range(20):
        model.iterate()
    for first in range(0, 900, piece):
        model.partial_fit(new[first : first + piece])
    for _ in range(30):
        model.iterate()
    assert missed(model, middles) < 1
    assert model.settled_


def test_an_endless_stream_that_never_rests_is_followed_too(draw: Any) -> None:
    model = FrameKMeans(6, frame_size=400, random_state=0)
    for seed in range(2):
        rows, middles = draw(6, 600, seed, shift=100.0 * seed)
        for row in rows:
            model.partial_fit(row[None])
        assert missed(model, middles) < 1.2


def test_a_centre_without_rows_takes_a_far_one_or_goes() -> None:
    model = FrameKMeans(3, frame_size=6, init=[[0.0], [1.0], [99.0]]).fit([[0.0], [1.0], [99.0]] * 2)
    for row in (5.0, 6.0, 70.0) * 2:
        model.partial_fit([[row]])
    for _ in range(5):
        model.iterate()
    assert sorted(model.cluster_centers_.ravel()) == [5.0, 6.0, 70.0]
    model.absorb([[7.0]] * 6).iterate()
    model.iterate()
    assert model.cluster_centers_.tolist() == [[7.0]]
    assert model.counts_.tolist() == [6.0]


def test_weights_equal_repeats(draw: Any) -> None:
    rows, _ = draw(4, 300, 9)
    times = np.random.default_rng(0).integers(0, 4, 300)
    weighted = FrameKMeans(4, random_state=1).fit(rows, sample_weight=times)
    repeated = FrameKMeans(4, random_state=1).fit(np.repeat(rows, times, axis=0))
    np.testing.assert_allclose(weighted.cluster_centers_, repeated.cluster_centers_, rtol=1e-9)
    np.testing.assert_allclose(weighted.counts_, repeated.counts_)


def test_scaled_columns_are_compared_by_their_spread(draw: Any) -> None:
    rows, middles = draw(4, 1200, 5)
    units = np.array([1e-3, 1.0, 1e3])
    for scale in ("std", "robust"):
        model = FrameKMeans(4, scale=scale, random_state=0).fit(rows * units)
        plain = FrameKMeans(4, scale=scale, random_state=0).fit(rows)
        found, expected = model.cluster_centers_ / units, plain.cluster_centers_
        np.testing.assert_allclose(np.sort(found, axis=0), np.sort(expected, axis=0), rtol=1e-9)
        assert missed(plain, middles) < 1


@pytest.mark.parametrize("places", [2, 3, 7])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_shards_move_centres_as_one_place_does(draw: Any, places: int, shift: float) -> None:
    rows, _ = draw(6, 3000, 11, shift=shift)
    whole = FrameKMeans(6, init=rows[:6], max_iter=1).fit(rows)
    frames = [Frame.of(rows[turn::places], np.empty(0), size=0, seen=0) for turn in range(places)]
    centres = rows[:6]
    for _ in range(40):
        parts = [partial(frame, centres) for frame in [*frames, Frame(0, 3)]]
        together = combine(parts)
        assert wanting(together.counts, 6) == 0
        centres = moved(centres, together, 6)
        assert together.counts.sum() == 3000
        np.testing.assert_allclose(centres, whole.cluster_centers_, rtol=1e-9, atol=1e-9)
        before = whole.inertia_
        whole.iterate()
        after = combine([partial(frame, centres) for frame in frames]).inertia
        assert after == pytest.approx(before, rel=1e-9)


def test_shards_give_dead_and_missing_centres_the_farthest_rows() -> None:
    tables = np.array([[[0.0], [90.0]], [[1.0], [60.0]]])
    frames = [Frame.of(rows, np.empty(0), size=0, seen=0) for rows in tables]
    centres = np.array([[0.5], [-1e4]])
    part = combine([partial(frame, centres, far=3) for frame in frames])
    assert wanting(part.counts, 4) == 3
    assert moved(centres, part, 4).ravel().tolist()[:3] == [0.5, 90.0, 60.0]


def test_scaled_shards_agree_with_a_scaled_place(draw: Any) -> None:
    rows, _ = draw(3, 900, 2)
    spread = rows.std(axis=0)
    frames = [Frame.of(rows[turn::2], np.empty(0), size=0, seen=0) for turn in range(2)]
    whole = FrameKMeans(3, init=rows[:3], scale="std", max_iter=1).fit(rows)
    part = combine([partial(frame, rows[:3], spread=spread) for frame in frames])
    np.testing.assert_allclose(moved(rows[:3] / spread, part, 3) * spread, whole.cluster_centers_, rtol=1e-9)
