"""The search for centres and their number is a scikit-learn estimator that follows arriving rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal.clustering import MCMCClusterer
from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.online.frame import Frame
from shoal.clustering.online.snapshots import InvalidSnapshot, read, written

Table = np.ndarray[Any, Any]
Draw = Callable[..., Table]
METHODS = ["search", "textbook", "original"]
MIDDLES = np.array([[0.0, 0.0, 0.0], [0.0, 15.0, 0.0], [-5.0, -5.0, 5.0]])
# A few rows of weight 3 and the same rows three times are alike to the score, but not to what is drawn.
DRAWN = {"check_sample_weight_equivalence_on_dense_data": "The search draws rows."}


@pytest.fixture
def blobs() -> Draw:
    """Return a function that draws rows of three blobs far apart."""

    def blobs(n: int, seed: int = 0, shift: float = 0.0) -> Table:
        random = np.random.default_rng(seed)
        places = random.choice(3, n, p=[0.2, 0.3, 0.5])
        return np.asarray(shift + MIDDLES[places] + random.normal(size=(n, 3)))

    return blobs


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [MCMCClusterer(), MCMCClusterer(method="original"), MCMCClusterer(method="textbook", shape="elongated")],
    expected_failed_checks=lambda estimator: {} if estimator.method == "original" else DRAWN,
)
def test_keeps_every_rule_for_estimators(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("method", METHODS)
def test_going_on_from_a_snapshot_equals_never_having_stopped(method: str, blobs: Draw) -> None:
    going = MCMCClusterer(method=method, frame_size=600, random_state=5)
    for number, chunk in enumerate(np.array_split(blobs(1501), 15)):
        if number:
            resumed = MCMCClusterer.restore(going.snapshot())
            for model in (going, resumed):
                if number % 2:
                    model.partial_fit(chunk)
                for _ in range(9):
                    model.iterate()
            assert np.array_equal(resumed.labels_, going.labels_)
            assert resumed.snapshot() == going.snapshot()
        going.absorb(chunk)


@pytest.mark.parametrize("method", METHODS)
def test_a_snapshot_without_rows_goes_on_with_rows_given(method: str, blobs: Draw) -> None:
    going = MCMCClusterer(method=method, random_state=5).partial_fit(blobs(700))
    frame = Frame.of(going.frame_.copy(), np.empty(0), size=0, seen=700)
    resumed = MCMCClusterer.restore(going.snapshot(frame=False), frame)
    for model in (going, resumed):
        for _ in range(30):
            model.iterate()
    assert resumed.snapshot() == going.snapshot()


def test_a_snapshot_taken_while_settings_change_goes_on(blobs: Draw) -> None:
    going = MCMCClusterer(max_k=9, random_state=5).partial_fit(blobs(700))
    going.set_params(max_k=4, init_k=2, method="original")
    resumed = MCMCClusterer.restore(going.snapshot())
    for model in (going, resumed):
        model.iterate()
    assert resumed.snapshot() == going.snapshot()


@pytest.mark.parametrize(
    "name",
    ["cells", "bounds", "slots", "lens", "weights", "centres"],
)
def test_a_snapshot_that_does_not_fit_together_is_refused(name: str, blobs: Draw) -> None:
    snapshot = read(MCMCClusterer(random_state=0).partial_fit(blobs(90)).snapshot(), "MCMCClusterer", 1)
    key = f"engine_{name}"
    good = snapshot.arrays[key]
    bad = [good[:1], good.view(np.float32 if name == "cells" else np.int64), None]
    bad += {"cells": [good + 1000, good - 1000], "lens": [-good]}.get(name, [good * np.nan])
    for broken in bad:
        arrays = {other: array for other, array in snapshot.arrays.items() if other != key}
        arrays |= {} if broken is None else {key: broken}
        with pytest.raises(InvalidSnapshot):
            MCMCClusterer.restore(written("MCMCClusterer", 1, snapshot.facts, arrays))


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_bytes(method: str, blobs: Draw) -> None:
    one, two = (MCMCClusterer(method=method, random_state=7).fit(blobs(900)).snapshot() for _ in range(2))
    assert one == two


@pytest.mark.parametrize("method", METHODS)
def test_looking_changes_nothing(method: str, blobs: Draw) -> None:
    looked, unseen = (MCMCClusterer(method=method, shape="elongated", random_state=1) for _ in range(2))
    for rows in np.array_split(blobs(120), 40):
        for model in (looked, unseen):
            model.partial_fit(rows)
        assert looked.labels_.shape == (len(looked.frame_),)
        assert looked.counts_.sum() == len(looked.frame_)
        assert looked.metrics_["inertia"] >= 0
        assert np.array_equal(looked.predict(looked.frame_), looked.labels_)
        looked.snapshot()
    assert looked.snapshot() == unseen.snapshot()


def test_clusters_are_numbered_by_size(blobs: Draw) -> None:
    model = MCMCClusterer(random_state=0).fit(blobs(3000))
    assert model.n_clusters_ == 3
    assert np.linalg.norm(model.cluster_centers_ - MIDDLES[[2, 1, 0]], axis=1).max() < 0.3
    assert np.array_equal(model.counts_, np.bincount(model.labels_))
    inertia = np.square(model.frame_ - model.cluster_centers_[model.labels_]).sum()
    assert model.metrics_["inertia"] == pytest.approx(inertia, rel=1e-9)


def test_figures_have_the_names_that_live_tasks_tell(blobs: Draw) -> None:
    metrics = MCMCClusterer(random_state=0).fit(blobs(500)).metrics_
    assert metrics["iterations"] == 200
    assert 0 < metrics["acceptations"] <= 200
    assert metrics["time"] == 500
    assert metrics["k"] == metrics["k_major"] == 3
    assert metrics["lambda"] == pytest.approx(1 / (2 * metrics["inertia"] / 500 / 3), rel=0.2)
    assert {"rho", "rGibbs"} <= set(metrics)


def test_before_the_first_iteration_there_is_no_centre(blobs: Draw) -> None:
    model = MCMCClusterer(random_state=0)
    assert not model.iterate()
    model.absorb(blobs(5))
    assert model.n_clusters_ == 0
    assert not model.settled_
    assert model.predict(blobs(4)).tolist() == [-1] * 4
    assert model.labels_.tolist() == [-1] * 5
    assert model.iterate()
    assert model.n_clusters_ >= 1


def test_a_search_at_rest_says_so_until_something_changes(blobs: Draw) -> None:
    model = MCMCClusterer(random_state=0, n_iter=600).fit(blobs(900))
    assert model.settled_
    assert model.n_iter_ < 600
    model.set_params(amp=2.0)
    assert not model.settled_
    model.set_params(amp=1.0).absorb(blobs(1))
    assert not model.settled_


def test_reset_forgets_centres_and_keeps_rows(blobs: Draw) -> None:
    model = MCMCClusterer(random_state=2).fit(blobs(500))
    rows, labels = model.frame_.copy(), model.labels_
    model.reset()
    assert (model.n_iter_, model.n_clusters_) == (0, 0)
    assert np.array_equal(model.frame_, rows)
    for _ in range(200):
        model.iterate()
    assert np.array_equal(model.labels_, labels)


def test_two_shards_merge_into_what_one_would_find(blobs: Draw) -> None:
    shards = [MCMCClusterer(random_state=seed).fit(blobs(600, seed, shift=seed * 60)) for seed in (0, 1)]
    kept = shards[1].snapshot()
    merged = shards[0].merge(shards[1])
    assert shards[1].snapshot() == kept
    assert merged.n_rows_seen_ == 1200
    for _ in range(20):
        merged.iterate()
    assert merged.n_clusters_ == 6
    assert MCMCClusterer(random_state=0).merge(merged).n_clusters_ >= 1


def test_rare_clusters_are_outliers_on_request(blobs: Draw) -> None:
    rows = np.vstack([blobs(3000), [[90.0, 90.0, 90.0], [90.0, 90.0, 91.0], [91.0, 90.0, 90.0]]])
    model = MCMCClusterer(random_state=0).fit(rows)
    assert (model.metrics_["k"], model.metrics_["k_major"]) == (4, 3)
    assert model.labels_[-3:].tolist() == [3, 3, 3]
    model.set_params(outliers=True)
    assert model.labels_[-3:].tolist() == [-1, -1, -1]
    assert model.predict([[90.0, 90.0, 90.0], [0.0, 0.0, 0.0]]).tolist() == [-1, 2]
    assert (model.labels_[:-3] >= 0).all()


@pytest.mark.parametrize("scale", ["std", "robust"])
def test_columns_of_unlike_units_can_be_scaled(scale: str, blobs: Draw) -> None:
    rows, units = blobs(2000), np.array([1.0, 1e4, 1e-3])
    truth = MCMCClusterer(random_state=0).fit(rows).labels_
    model = MCMCClusterer(scale=scale, random_state=0).fit(rows * units)
    assert adjusted_rand_score(truth, model.labels_) > 0.99
    assert np.abs(model.cluster_centers_ / units - MIDDLES[[2, 1, 0]]).max() < 0.3


def test_settings_may_change_on_the_way(blobs: Draw) -> None:
    model = MCMCClusterer(random_state=0).fit(blobs(900))
    for settings in (
        {"max_k": 2},
        {"max_k": 12, "frame_size": 300},
        {"method": "textbook"},
        {"shape": "round"},
    ):
        model.set_params(**settings)
        for _ in range(60):
            model.iterate()
        assert 1 <= model.n_clusters_ <= model.max_k
    assert len(model.labels_) == 300
    assert model.set_params(method="search").fit(blobs(900)).n_clusters_ == 3


BAD = [
    {"init_k": 0},
    {"init_k": 9, "max_k": 8},
    {"max_k": -1},
    {"max_k": 2.5},
    {"amp": -1},
    {"amp": float("nan")},
    {"b": 0},
    {"nu": 0},
    {"prob_k": (1, 1)},
    {"prob_k": (0, 0, 0)},
    {"prob_k": "111"},
    {"shape": "square"},
    {"scale": "log"},
    {"method": "exact"},
    {"frame_size": -5},
    {"n_iter": 0},
]


@pytest.mark.parametrize("settings", BAD)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], blobs: Draw) -> None:
    with pytest.raises(InvalidParameter):
        MCMCClusterer(**settings).fit(blobs(20))
    model = MCMCClusterer(random_state=0).fit(blobs(90))
    before = model.cluster_centers_
    with pytest.raises(InvalidParameter):
        model.set_params(**settings).iterate()
    assert np.array_equal(model.cluster_centers_, before)


@pytest.mark.parametrize(
    "bad", [[[np.nan, 0, 0]], [[np.inf, 0, 0]], [[1.0, 2.0]], [["a", "b", "c"]], [[1e200] * 3], []]
)
def test_bad_rows_are_refused_and_do_no_harm(bad: Any, blobs: Draw) -> None:
    model = MCMCClusterer(random_state=0).partial_fit(blobs(300))
    before = model.snapshot()
    with pytest.raises(InvalidData):
        model.partial_fit(bad)
    assert model.snapshot() == before
