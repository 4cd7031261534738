"""A stream is clustered in one pass: as the original did, or within bounds and whatever the order of rows."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.online.frame import Frame
from shoal.clustering.online.snapshots import InvalidSnapshot, read, written
from shoal.clustering.streaming_clusterer import StreamingClusterer

TRACE = np.array([0.0, 10, 1, 9, 30, 31, 100])[:, None]


def failing(estimator: Any) -> dict[str, str]:
    """Name what the original's rule cannot do: what it finds depends on the order of rows."""
    if estimator.method == "robust":
        return {}
    return {"check_sample_weight_equivalence_on_dense_data": "the order of rows matters"}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [StreamingClusterer(), StreamingClusterer(method="original")], expected_failed_checks=failing
)
def test_keeps_every_rule_for_estimators(estimator: Any, check: Any) -> None:
    check(estimator)


def blobs(seed: int, k: int, d: int, n: int, gap: float = 8.0) -> tuple[Any, Any]:
    random = np.random.default_rng(seed)
    middles: list[Any] = []
    while len(middles) < k:
        middle = random.uniform(-1, 1, d) * gap * (1 + k ** (1 / d))
        if all(np.linalg.norm(middle - other) >= gap for other in middles):
            middles.append(middle)
    labels = random.integers(0, k, n)
    return np.array(middles)[labels] + random.normal(size=(n, d)), labels


def fed(model: StreamingClusterer, rows: Any, step: int = 1000) -> StreamingClusterer:
    for at in range(0, len(rows), step):
        model.partial_fit(rows[at : at + step])
    return model


def test_originals_trace_is_exact() -> None:
    model = StreamingClusterer(method="original", mu=0.5, sigma=0.0).fit(TRACE)
    assert model.cluster_centers_.ravel().tolist() == [0.5, 9.5, 30.5, 100.0]
    assert model.counts_.tolist() == [2, 2, 2, 1]
    assert model.metrics_["max_distance"] == 20.5
    assert model.n_iter_ == len(TRACE)


def test_original_takes_equal_first_rows_as_one() -> None:
    model = StreamingClusterer(method="original", sigma=0.0).fit(np.zeros((5, 2)))
    assert model.cluster_centers_.tolist() == [[0.0, 0.0]]
    assert model.counts_.tolist() == [5]


def test_original_merges_the_nearest_beyond_its_bound() -> None:
    model = StreamingClusterer(method="original", sigma=0.0, max_k=3).fit(TRACE)
    assert model.cluster_centers_.ravel().tolist() == [5.0, 30.5, 100.0]
    assert model.counts_.tolist() == [4, 2, 1]


@pytest.mark.parametrize("is_sorted", [False, True])
@pytest.mark.parametrize(("k", "d"), [(2, 2), (5, 10), (10, 50), (20, 2), (30, 10)])
def test_separate_blobs_are_found_in_any_order(k: int, d: int, is_sorted: bool) -> None:
    rows, labels = blobs(k * d, k, d, 5000)
    if is_sorted:
        order = np.argsort(labels, kind="stable")
        rows, labels = rows[order], labels[order]
    model = StreamingClusterer(frame_size=0).fit(rows)
    assert model.n_clusters_ == k
    assert adjusted_rand_score(labels, model.labels_) > 0.99


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_unit_and_place_of_the_data_do_not_matter(factor: float) -> None:
    rows, _ = blobs(3, 6, 4, 3000)
    plain = StreamingClusterer().fit(rows).labels_
    assert adjusted_rand_score(plain, StreamingClusterer().fit(rows * factor).labels_) == 1.0
    assert adjusted_rand_score(plain, StreamingClusterer().fit(rows + 1000 * factor).labels_) == 1.0


@pytest.mark.parametrize("gap", [1e-6, 1.0, 50.0])
def test_gap_of_the_first_two_rows_does_not_matter(gap: float) -> None:
    rows = np.random.default_rng(0).normal(size=(20_000, 2))
    rows[1] = rows[0] + [gap, 0]
    assert StreamingClusterer().fit(rows).n_clusters_ == 1


def test_half_life_lets_old_clusters_go() -> None:
    model = fed(StreamingClusterer(half_life=2000), blobs(1, 5, 5, 10_000)[0])
    assert model.n_clusters_ == 5
    rows, labels = blobs(2, 8, 5, 30_000)
    fed(model, rows + 100)
    assert model.n_clusters_ == 8
    assert adjusted_rand_score(labels[-2000:], model.predict(rows[-2000:] + 100)) > 0.99
    assert model.counts_.sum() < 10_000


def test_columns_of_unlike_units_are_weighed() -> None:
    rows, labels = blobs(5, 5, 4, 8000)
    rows = rows * [1, 1000, 0.01, 30]
    for scale in ("std", "robust"):
        model = StreamingClusterer(scale=scale, frame_size=0).fit(rows)
        assert model.n_clusters_ == 5
        assert adjusted_rand_score(labels, model.labels_) > 0.99
    with pytest.raises(InvalidParameter):
        StreamingClusterer(scale="std", method="original").fit(rows)


def test_lone_rows_are_noise_until_others_join_them() -> None:
    rows, _ = blobs(7, 3, 2, 3000)
    model = StreamingClusterer().fit(rows)
    model.partial_fit([[500.0, 500.0]])
    assert model.n_clusters_ == 3
    assert model.labels_[-1] == -1
    model.partial_fit(np.full((50, 2), 500.0) + np.random.default_rng(0).normal(size=(50, 2)))
    assert model.n_clusters_ == 4
    assert (model.labels_[-51:] == model.labels_[-1]).all() and model.labels_[-1] >= 0


@pytest.mark.parametrize("method", ["robust", "original"])
def test_chunks_and_a_restart_change_not_one_bit(method: str) -> None:
    rows, _ = blobs(9, 6, 3, 4000)
    one = fed(StreamingClusterer(method=method, half_life=1500, random_state=4, frame_size=700), rows, 4000)
    other = StreamingClusterer(method=method, half_life=1500, random_state=4, frame_size=700)
    for at in range(0, 4000, 170):
        other.absorb(rows[at : at + 170])
        other = StreamingClusterer.restore(other.snapshot())
        if at % 3:
            other.iterate()
    other.iterate()
    assert one.snapshot() == other.snapshot()
    assert np.array_equal(one.cluster_centers_, other.cluster_centers_)
    assert np.array_equal(one.labels_, other.labels_)


def test_snapshot_without_rows_goes_on_with_a_frame_of_them() -> None:
    rows, _ = blobs(9, 4, 3, 2000)
    model = fed(StreamingClusterer(frame_size=300), rows)
    frame = Frame.of(rows[-300:], np.empty(0), size=300, seen=2000)
    again = StreamingClusterer.restore(model.snapshot(frame=False), frame)
    assert again.partial_fit(rows[:900]).snapshot() == model.partial_fit(rows[:900]).snapshot()


@pytest.mark.parametrize("method", ["robust", "original"])
def test_clusterers_can_be_sent_to_other_processes(method: str) -> None:
    rows, _ = blobs(9, 4, 3, 500)
    model = StreamingClusterer(method=method).fit(rows)
    labels = model.predict(rows)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(rows), labels)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"x" * 100])
def test_what_is_no_snapshot_is_refused(damage: bytes) -> None:
    with pytest.raises(InvalidSnapshot):
        StreamingClusterer.restore(damage)


def test_two_shards_make_what_one_stream_makes() -> None:
    rows, labels = blobs(11, 7, 5, 10_000)
    one, other = fed(StreamingClusterer(), rows[:5000]), fed(StreamingClusterer(), rows[5000:])
    both = one.merge(other)
    assert both.n_clusters_ == 7
    assert both.counts_.sum() == pytest.approx(10_000)
    assert both.n_rows_seen_ == 10_000
    assert adjusted_rand_score(labels, both.predict(rows)) > 0.99


def test_shards_of_the_original_put_their_centres_together() -> None:
    one = StreamingClusterer(method="original", sigma=0.0).fit(TRACE)
    other = StreamingClusterer(method="original", sigma=0.0).fit(TRACE + 1000)
    assert one.merge(other).counts_.tolist() == [2, 2, 2, 1] * 2
    with pytest.raises(InvalidData):
        one.merge(StreamingClusterer().fit(TRACE))


@pytest.mark.parametrize("method", ["robust", "original"])
def test_rows_of_a_weight_are_rows_given_so_often(method: str) -> None:
    rows, _ = blobs(13, 4, 2, 60)
    weights = np.random.default_rng(1).integers(0, 4, 60)
    weighted = StreamingClusterer(method=method, sigma=0.0).fit(rows, sample_weight=weights)
    repeated = StreamingClusterer(method=method, sigma=0.0).fit(np.repeat(rows, weights, axis=0))
    if method == "robust":
        np.testing.assert_allclose(weighted.cluster_centers_, repeated.cluster_centers_)
    assert weighted.counts_.sum() == repeated.counts_.sum() == weights.sum()


def test_settings_change_from_the_next_iteration_on() -> None:
    rows, _ = blobs(15, 10, 3, 5000)
    model = fed(StreamingClusterer(), rows)
    assert model.n_clusters_ == 10
    assert fed(model.set_params(max_k=4), rows[:100]).n_clusters_ == 4
    assert fed(model.set_params(max_k=None, micros=40), rows[:100]).n_clusters_ == 10
    assert model.metrics_["micros"] <= 40
    original = fed(model.set_params(method="original", mu=0.8), rows)
    assert "max_distance" in original.metrics_


def test_reset_looks_at_the_frame_again() -> None:
    rows, _ = blobs(17, 3, 2, 1000)
    model = fed(StreamingClusterer(frame_size=500), rows)
    assert not model.reset().settled_
    assert model.n_clusters_ == 0
    assert model.predict(rows[:3]).tolist() == [-1, -1, -1]
    assert model.iterate() and model.settled_ and not model.iterate()
    assert model.counts_.sum() == 500


def test_rows_wait_for_an_iteration_and_none_is_lost() -> None:
    rows, _ = blobs(19, 3, 2, 5000)
    model = StreamingClusterer(frame_size=100)
    assert not model.iterate()
    for at in range(0, 5000, 500):
        model.absorb(rows[at : at + 500])
    assert not model.settled_
    assert model.iterate()
    assert model.counts_.sum() == pytest.approx(5000)
    assert len(model.frame_) == len(model.labels_) == 100


def test_original_counts_only_rows_after_the_first_towards_outliers() -> None:
    rows = np.array([0.0, 1, 0, 1, 0, 10])[:, None]
    early = StreamingClusterer(method="original", mu=50, sigma=0, out_after=6).fit(rows)
    late = StreamingClusterer(method="original", mu=50, sigma=0, out_after=4).fit(rows)
    assert (early.n_clusters_, late.n_clusters_) == (1, 2)


@pytest.mark.parametrize(("method", "name"), [("robust", "micro_numbers"), ("original", "numbers")])
def test_snapshot_that_points_beyond_its_arrays_is_refused(method: str, name: str) -> None:
    model = StreamingClusterer(method=method).fit(TRACE)
    snapshot = read(model.snapshot(), "StreamingClusterer", 1)
    snapshot.arrays[name][0] = 1e9
    with pytest.raises(InvalidSnapshot):
        StreamingClusterer.restore(written("StreamingClusterer", 1, snapshot.facts, snapshot.arrays))
