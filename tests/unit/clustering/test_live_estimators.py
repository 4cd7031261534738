"""The clusterers of arriving rows are scikit-learn estimators, and say what they cannot do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.online.frame import Frame
from shoal.clustering.online.live_clusterer import LiveClusterer
from shoal.clustering.online.snapshots import InvalidSnapshot, read, written
from shoal.clustering.online_kmeans import OnlineKMeans

Make = Callable[..., LiveClusterer]
MIDDLES = np.array([[0.0, 0.0, 0.0], [0.0, 15.0, 0.0], [-5.0, -5.0, 5.0]])
KINDS: list[Make] = [FrameKMeans, OnlineKMeans]


@pytest.fixture
def blobs() -> Callable[..., np.ndarray[Any, Any]]:
    """Return a function that draws rows of three blobs far apart."""

    def blobs(n: int, seed: int = 0, shift: float = 0.0) -> np.ndarray[Any, Any]:
        random = np.random.default_rng(seed)
        return shift + MIDDLES[random.choice(3, n, p=[0.2, 0.3, 0.5])] + random.normal(size=(n, 3))

    return blobs


def farthest(model: LiveClusterer) -> float:
    """Return how far the middle of a blob is from the nearest centre, at the most."""
    gaps = np.linalg.norm(MIDDLES[:, None] - model.cluster_centers_[None], axis=2)
    return float(gaps.min(axis=1).max())


@parametrize_with_checks([FrameKMeans(), OnlineKMeans(), OnlineKMeans(scale="std")])  # type: ignore[untyped-decorator]
def test_keeps_every_rule_for_estimators(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("scale", ["none", "std", "robust"])
@pytest.mark.parametrize("init", ["kmeans_pp", "rand", "given"])
def test_three_blobs_are_found(make: Make, scale: str, init: str, blobs: Any) -> None:
    model = make(3, scale=scale, init=init, random_state=0).fit(blobs(10_000))
    assert farthest(model) < 1


@pytest.mark.parametrize("make", KINDS)
def test_going_on_from_a_snapshot_equals_never_having_stopped(make: Make, blobs: Any) -> None:
    going, chunks = make(3, random_state=5), np.array_split(blobs(3001), 37)
    for number, chunk in enumerate(chunks):
        resumed = type(going).restore(going.snapshot()) if number else going
        going.partial_fit(chunk)
        resumed = resumed if resumed is going else resumed.partial_fit(chunk)
        assert np.array_equal(resumed.cluster_centers_, going.cluster_centers_)
        assert resumed.snapshot() == going.snapshot()


@pytest.mark.parametrize("make", KINDS)
def test_a_snapshot_without_rows_goes_on_with_rows_given(make: Make, blobs: Any) -> None:
    going = make(3, random_state=5).partial_fit(blobs(700))
    rows = going.frame_.copy()
    frame = Frame.of(rows, np.empty(0), size=0, seen=going.n_rows_seen_)
    resumed = type(going).restore(going.snapshot(frame=False), frame)
    for model in (going, resumed):
        model.partial_fit(blobs(700, seed=1))
    assert np.array_equal(resumed.cluster_centers_, going.cluster_centers_)
    with pytest.raises(InvalidData, match="no rows"):
        type(going).restore(going.snapshot(frame=False))


@pytest.mark.parametrize("make", KINDS)
def test_looking_changes_nothing(make: Make, blobs: Any) -> None:
    looked, unseen = make(3, random_state=1), make(3, random_state=1)
    for row in np.array_split(blobs(120), 60):
        for model in (looked, unseen):
            model.partial_fit(row)
        assert looked.labels_.shape == (len(looked.frame_),)
        assert looked.counts_.sum() == len(looked.frame_)
        assert looked.metrics_["inertia"] >= 0
        looked.snapshot(), looked.predict(row)
    assert np.array_equal(looked.cluster_centers_, unseen.cluster_centers_)


@pytest.mark.parametrize("make", KINDS)
def test_a_start_with_few_rows_has_as_many_centres_as_unlike_rows(make: Make) -> None:
    model = make(3, random_state=0)
    assert not model.iterate()
    for row, count in [(1.0, 1), (1.0, 1), (5.0, 2), (1.0, 2), (9.0, 3), (30.0, 3)]:
        model.absorb([[row]])
        assert model.iterate()
        assert model.n_clusters_ == count


@pytest.mark.parametrize("make", KINDS)
def test_reset_forgets_centres_and_keeps_rows(make: Make, blobs: Any) -> None:
    model = make(3, random_state=2).partial_fit(blobs(500))
    centres, rows = model.cluster_centers_.copy(), model.frame_.copy()
    model.reset()
    assert np.array_equal(model.frame_, rows)
    assert model.n_iter_ == 0
    for _ in range(30):
        model.iterate()
    assert np.linalg.norm(np.sort(model.cluster_centers_, 0) - np.sort(centres, 0)) < 3


@pytest.mark.parametrize("make", KINDS)
def test_the_number_of_clusters_may_change_on_the_way(make: Make, blobs: Any) -> None:
    model = make(2, random_state=3).partial_fit(blobs(2000))
    for k in (5, 3):
        model.set_params(n_clusters=k)
        for seed in range(10):
            model.partial_fit(blobs(300, seed=seed))
        assert model.n_clusters_ == k
    gaps = np.linalg.norm(
        np.array([[0, 0, 0], [0, 15, 0], [-5, -5, 5]])[:, None] - model.cluster_centers_, axis=2
    )
    assert (gaps.min(axis=1) < 1).all()


@pytest.mark.parametrize("make", KINDS)
def test_same_seed_same_bytes(make: Make, blobs: Any) -> None:
    one, two = (make(3, random_state=7).fit(blobs(900)).snapshot() for _ in range(2))
    assert one == two


@pytest.mark.parametrize("make", KINDS)
def test_two_shards_merge_into_what_one_would_find(make: Make, blobs: Any) -> None:
    shards = [make(3, random_state=seed).partial_fit(blobs(900, seed)) for seed in (0, 1)]
    kept = shards[1].snapshot()
    merged = shards[0].merge(shards[1])
    assert shards[1].snapshot() == kept
    assert merged.n_rows_seen_ == 1800
    for _ in range(20):
        merged.iterate()
    assert farthest(merged) < 0.5
    empty = make(3, random_state=0)
    assert np.array_equal(empty.merge(merged).frame_, merged.frame_)
    assert merged.merge(make(3)).n_rows_seen_ == 1800


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("other", [FrameKMeans(3).fit([[1.0, 2.0], [3.0, 4.0]]), clone(FrameKMeans(3))])
def test_unlike_models_do_not_merge(make: Make, other: Any, blobs: Any) -> None:
    model = make(3).partial_fit(blobs(20))
    if other._frame is None and type(other) is type(model):
        return
    with pytest.raises(InvalidData, match="cannot be merged"):
        model.merge(other)


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize(
    "bad",
    [
        [[np.nan, 0.0, 0.0]],
        [[0.0, np.inf, 0.0]],
        [[1e200, 0.0, 0.0]],
        [[1.0, 2.0]],
        [["a", "b", "c"]],
        [[1, 2, 3, 4]],
        [],
    ],
)
def test_bad_rows_are_refused_and_do_no_harm(make: Make, bad: Any, blobs: Any) -> None:
    model = make(3, random_state=0).partial_fit(blobs(300))
    before = model.snapshot()
    among_good = [*blobs(5).tolist(), *bad] if bad else np.empty((0, 3))
    plain = np.array([*blobs(5).tolist(), *bad]) if bad and len(bad[0]) == 3 and "a" not in bad[0] else bad
    for rows in (bad, among_good, plain):
        for take in (model.partial_fit, model.absorb, model.predict):
            with pytest.raises(InvalidData):
                take(rows)
    assert model.snapshot() == before


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (FrameKMeans, {"n_clusters": 0}),
        (FrameKMeans, {"frame_size": -1}),
        (FrameKMeans, {"init": "best"}),
        (FrameKMeans, {"init": [[1.0, 2.0]]}),
        (FrameKMeans, {"init": [[1.0, 2.0, np.nan]]}),
        (FrameKMeans, {"scale": "log"}),
        (FrameKMeans, {"random_state": -1}),
        (OnlineKMeans, {"n_clusters": 2.5}),
        (OnlineKMeans, {"half_life": 0.5}),
        (OnlineKMeans, {"half_life": "1"}),
        (OnlineKMeans, {"adapt": 1}),
        (OnlineKMeans, {"init": "best"}),
        (OnlineKMeans, {"random_state": "seed"}),
    ],
)
def test_a_parameter_beyond_its_limits_is_named(make: Make, wrong: dict[str, Any], blobs: Any) -> None:
    name = next(iter(wrong)) if wrong.get("init", "") in ("", "best") else "starting centres"
    with pytest.raises(InvalidParameter, match=f"{name}|initialiser"):
        make(**wrong).fit(blobs(30))
    running = make().partial_fit(blobs(30))
    centres = running.cluster_centers_.copy()
    if "random_state" in wrong or "starting" in name:
        return
    with pytest.raises(InvalidParameter, match=name):
        running.set_params(**wrong).iterate()
    assert np.array_equal(running.cluster_centers_, centres)


def test_columns_keep_their_names(blobs: Any) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(blobs(50), columns=["a", "b", "c"])
    model = FrameKMeans(2).partial_fit(table)
    assert FrameKMeans.restore(model.snapshot()).feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.warns(UserWarning, match="feature names"):
        model.partial_fit(blobs(2))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 not really",
        written("OnlineKMeans", 1, {}, {}),
        written("FrameKMeans", 99, {}, {}),
        written("FrameKMeans", 1, {"params": {}, "columns": "3"}, {}),
        written("FrameKMeans", 1, {"params": {}, "columns": 3}, {"rows": np.zeros((2, 4))}),
    ],
)
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidSnapshot, match="no snapshot"):
        FrameKMeans.restore(data)


def test_a_damaged_snapshot_is_refused(blobs: Any) -> None:
    data = FrameKMeans(3, random_state=0).partial_fit(blobs(50)).snapshot()
    for cut in range(0, len(data), 977):
        with pytest.raises(InvalidSnapshot):
            FrameKMeans.restore(data[:cut])


@pytest.mark.parametrize("make", KINDS)
def test_no_forged_snapshot_does_more_than_be_refused(make: Make, blobs: Any) -> None:
    model = make(3, random_state=0).partial_fit(blobs(700), sample_weight=np.ones(700))
    good = read(model.snapshot(), type(model).__name__, 1)
    wrong: list[Any] = [None, -1, 10**30, "x", [], {}, float("nan")]
    forged = [(good.facts | {name: value}, good.arrays) for name in good.facts for value in wrong]
    for name, array in good.arrays.items():
        for other in (array[:-1], array.astype("f4"), array * np.inf, np.array(["x"]), array[None]):
            forged.append((good.facts, good.arrays | {name: other}))
    for facts, arrays in forged:
        try:
            restored = type(model).restore(written(type(model).__name__, 1, facts, arrays))
            restored.partial_fit(blobs(50)).predict(blobs(5))
            _ = restored.metrics_, restored.counts_, restored.labels_, restored.snapshot()
        except (InvalidSnapshot, InvalidParameter, InvalidData):
            continue
        assert np.isfinite(restored.cluster_centers_).all()
