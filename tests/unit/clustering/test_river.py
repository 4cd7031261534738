"""Our clusterers keep river's rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.limits import InvalidData
from shoal.clustering.mcmc_clusterer import MCMCClusterer
from shoal.clustering.online_kmeans import OnlineKMeans
from shoal.clustering.streaming_clusterer import StreamingClusterer

checks = pytest.importorskip("river.checks")
common = pytest.importorskip("river.checks.common")
RiverClusterer = pytest.importorskip("shoal.clustering.river").RiverClusterer

ALL = [
    OnlineKMeans(3, random_state=0),
    FrameKMeans(3, frame_size=200, random_state=0),
    MCMCClusterer(max_k=6, frame_size=200, random_state=0),
    StreamingClusterer(random_state=0),
]
ON_DATA = [
    common.check_learn_one,
    common.check_pickling,
    common.check_shuffle_features_no_impact,
    common.check_emerging_features,
    common.check_disappearing_features,
    common.check_radically_disappearing_features,
    common.check_predict_one_pure,
    common.check_no_state_aliasing_with_input,
    common.check_clone_is_independent,
    common.check_bounded_memory_growth,
]


def named(seed: int, n: int) -> list[tuple[dict[str, float], None]]:
    random = np.random.default_rng(seed)
    rows = 9.0 * random.integers(0, 3, (n, 1)) + random.normal(size=(n, 5))
    return [(dict(zip("edcba", row.tolist(), strict=True)), None) for row in rows]


@pytest.mark.parametrize("estimator", ALL, ids=lambda one: type(one).__name__)
def test_passes_rivers_checks(estimator: Any) -> None:
    checks.check_estimator(RiverClusterer(estimator))


@pytest.mark.parametrize("check", ON_DATA, ids=lambda one: one.__name__)
@pytest.mark.parametrize("estimator", ALL, ids=lambda one: type(one).__name__)
def test_passes_rivers_checks_that_need_rows(estimator: Any, check: Any) -> None:
    check(RiverClusterer(estimator, every=5), named(0, 80))


@pytest.mark.parametrize("estimator", ALL, ids=lambda one: type(one).__name__)
def test_rows_are_clustered_one_by_one(estimator: Any) -> None:
    model = RiverClusterer(estimator)
    assert model.predict_one({"a": 1.0}) == -1
    assert (model.n_clusters, model.centers) == (0, {})
    for x, _ in named(1, 400):
        model.learn_one(x)
    assert model.n_clusters == 3
    found = sorted(round(centre["a"] / 9) for centre in model.centers.values())
    assert found == [0, 1, 2]
    labels = {model.predict_one(dict.fromkeys("abcde", value)) for value in (0.0, 9.0, 18.0)}
    assert labels == {0, 1, 2}


def test_missing_values_are_means_and_wrong_ones_are_refused() -> None:
    model = RiverClusterer()
    model.learn_one({})
    model.learn_one({"b": 1.0, "a": 2.0})
    model.learn_one({"b": 3.0, "new": 5.0})
    assert model.centers[0].keys() == {"a", "b"}
    for value in ("x", None, float("nan"), float("inf")):
        with pytest.raises(InvalidData, match="'b'"):
            model.learn_one({"b": value})
