"""The live clusterers find in other spaces what they find in Euclid's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.mcmc_clusterer import MCMCClusterer
from shoal.clustering.online.snapshots import InvalidSnapshot
from shoal.clustering.online_kmeans import OnlineKMeans
from shoal.clustering.spaces.averaging import aligned
from shoal.clustering.spaces.live import in_space
from shoal.clustering.spaces.series import Series
from shoal.clustering.streaming_clusterer import StreamingClusterer

ALL = [FrameKMeans, OnlineKMeans, MCMCClusterer, StreamingClusterer]


def made(clusterer: type, space: str, k: int, **more: Any) -> Any:
    kind = in_space(clusterer, space)
    if "KMeans" in clusterer.__name__:
        more["n_clusters"] = k
    return kind(random_state=0, **more)


def rays(n: int, k: int) -> tuple[Any, Any]:
    random = np.random.default_rng(3)
    labels = random.integers(0, k, n)
    middles = 5 * np.eye(k + 1)[labels]
    lengths = np.exp(3 * random.normal(size=(n, 1)))
    return lengths * (middles + 0.3 * random.normal(size=middles.shape)), labels


def waves(n: int, k: int, seed: int = 0) -> tuple[list[Any], Any]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, k, n)
    steps = np.linspace(0, 1, 24)[:, None]
    return [
        np.sin(2 * np.pi * (c + 1) * steps + 0.02 * random.normal()) + 0.15 * random.normal(size=(24, 1))
        for c in labels
    ], labels


@pytest.mark.parametrize("clusterer", ALL)
def test_directions_are_clustered_whatever_the_lengths(clusterer: type) -> None:
    rows, labels = rays(3000, 4)
    model = made(clusterer, "cosinus", 4).fit(rows)
    assert model.n_clusters_ == 4
    assert adjusted_rand_score(labels, model.predict(rows)) > 0.99
    again = type(model).restore(model.snapshot())
    assert np.array_equal(again.predict(rows), model.predict(rows * 1000))
    with pytest.raises(InvalidData, match="Row 1 is a zero vector"):
        model.absorb([[1.0] * 5, [0.0] * 5])


@pytest.mark.parametrize("clusterer", ALL)
def test_complex_rows_are_clustered_as_their_pairs(clusterer: type) -> None:
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, 2000)
    rows = np.array([0, 20j, 20])[labels, None] + random.normal(size=(2000, 1, 2)) @ [1, 1j]
    model = made(clusterer, "complex", 3).fit(rows)
    assert adjusted_rand_score(labels, model.predict(rows)) > 0.99
    pairs = np.stack([rows[:, 0].real, rows[:, 0].imag], axis=1)
    plain = made(clusterer, "euclid", 3).fit(pairs)
    assert np.array_equal(model.cluster_centers_, plain.cluster_centers_)


@pytest.mark.parametrize("clusterer", ALL)
def test_series_are_clustered(clusterer: type) -> None:
    series, labels = waves(150, 3)
    model = made(clusterer, "series", 3, window=4)
    for at in range(0, 150, 50):
        model.partial_fit(series[at : at + 50])
    for _ in range(10):
        model.iterate()
    assert model.n_clusters_ == 3
    assert adjusted_rand_score(labels, model.labels_) > 0.99
    assert model.counts_.sum() == pytest.approx(150)
    assert len(model.frame_) == model.n_rows_seen_ == 150
    assert model.metrics_["inertia"] > 0


@pytest.mark.parametrize("clusterer", ALL)
def test_series_go_on_from_a_snapshot_to_the_last_bit(clusterer: type) -> None:
    series, _ = waves(120, 3, seed=1)
    one = made(clusterer, "series", 3, window=3, frame_size=70)
    for at in range(0, 80, 20):
        one.partial_fit(series[at : at + 20])
    one.absorb(series[80:90])
    other = type(one).restore(one.snapshot())
    for model in (one, other):
        model.iterate()
        for at in range(90, 120, 10):
            model.partial_fit(series[at : at + 10])
    assert one.snapshot() == other.snapshot()
    assert len(one.frame_) == 70


@pytest.mark.parametrize("clusterer", ALL)
def test_a_single_series_is_a_cluster_and_none_is_no_iteration(clusterer: type) -> None:
    model = made(clusterer, "series", 3)
    assert not model.iterate()
    assert model.absorb([]).iterate() is False
    model.partial_fit([[1.0, 2.0, 3.0]])
    assert model.n_clusters_ == 1
    assert model.cluster_centers_[0].ravel().tolist() == [1.0, 2.0, 3.0]
    assert model.predict([[1.0, 2.0]]).tolist() == [0]
    model.partial_fit([[1.0, 2.0, 3.0]] * 5)
    assert model.n_clusters_ == 1
    assert model.reset().n_clusters_ == 0


def test_bad_series_change_nothing() -> None:
    model = made(FrameKMeans, "series", 2).fit([[1.0, 2.0], [5.0, 6.0, 7.0]])
    before = model.snapshot()
    bad: Any
    for bad in ([[1.0], [np.nan]], [[[1.0, 2.0]]], [[]], ["x"]):
        with pytest.raises(InvalidData):
            model.absorb(bad)
    assert model.snapshot() == before


def test_directions_of_steps_can_be_compared() -> None:
    random = np.random.default_rng(0)
    lengths = np.exp(random.normal(size=(60, 10, 1)))
    labels = np.arange(60) % 2
    middles = np.array([[1.0, 0.2], [0.2, 1.0]])[labels][:, None]
    series = list(lengths * (middles + 0.05 * random.normal(size=(60, 10, 2))))
    model = made(FrameKMeans, "series", 2, inner_space="cosinus").fit(series)
    assert adjusted_rand_score(labels, model.labels_) == 1.0


def test_lost_centre_of_series_is_put_to_use() -> None:
    series, _ = waves(60, 2)
    model = made(FrameKMeans, "series", 3, init=[series[0], series[1], np.full((24, 1), 1e3)])
    model.fit(series)
    assert (model.counts_ > 0).all()


def test_originals_rule_holds_for_series_of_one_step() -> None:
    trace = [[[0.0]], [[10.0]], [[1.0]], [[9.0]], [[30.0]], [[31.0]], [[100.0]]]
    model = in_space(StreamingClusterer, "series")(method="original", mu=0.5, sigma=0.0).fit(trace)
    assert [float(centre[0, 0]) for centre in model.cluster_centers_] == [0.5, 9.5, 30.5, 100.0]
    assert model.counts_.tolist() == [2, 2, 2, 1]


def test_streaming_of_series_is_bounded() -> None:
    random = np.random.default_rng(0)
    model = in_space(StreamingClusterer, "series")(max_k=4, micros=12, half_life=40)
    for turn in range(12):
        model.partial_fit(list(random.normal(size=(20, 6, 1)) + 5 * turn))
        assert 1 <= model.n_clusters_ <= 4
        assert model.metrics_["micros"] <= 12


def test_series_aligned_with_itself_stays_what_it_is() -> None:
    series = np.random.default_rng(0).normal(size=(12, 2))
    assert np.array_equal(aligned(Series(), series, series), series)
    assert aligned(Series(window=2), series, series[:5]).shape == (12, 2)


@pytest.mark.parametrize("space", ["hilbert", "real"])
def test_other_spaces_are_refused(space: str) -> None:
    with pytest.raises(InvalidParameter):
        in_space(FrameKMeans, space)


@pytest.mark.parametrize("clusterer", ALL)
def test_snapshot_without_series_needs_them(clusterer: type) -> None:
    series, _ = waves(40, 2)
    model = made(clusterer, "series", 2).fit(series)
    with pytest.raises(InvalidSnapshot):
        type(model).restore(model.snapshot(frame=False))
    again = type(model).restore(model.snapshot(frame=False), series)
    assert np.array_equal(again.labels_, model.labels_)
    assert again.snapshot() == model.snapshot()
