"""What users of other stream clusterers complain of does not happen here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from shoal.clustering.streaming_clusterer import StreamingClusterer

Streams = dict[str, Any]


def streams() -> Streams:
    random = np.random.default_rng(0)
    walk = np.cumsum(random.normal(size=(5000, 3)), axis=0)
    return {
        "all equal": np.zeros((2000, 2)),
        "two values": random.integers(0, 2, (2000, 1)).astype(float),
        "heavy tails": random.standard_cauchy((5000, 2)),
        "a walk": walk,
        "ever farther": np.exp2(np.arange(300))[:, None] ** 0.5,
        "uniform": random.uniform(size=(5000, 10)),
        "huge": 1e12 + random.normal(size=(2000, 2)),
        "tiny": 1e-12 * random.normal(size=(2000, 2)),
        "far apart": 1e6 * random.normal(size=(3000, 20)),
    }


@pytest.mark.parametrize("half_life", [None, 50.0, 0.1])
@pytest.mark.parametrize("name", list(streams()))
def test_never_without_clusters_and_never_more_than_max_k(name: str, half_life: float | None) -> None:
    model = StreamingClusterer(max_k=7, half_life=half_life, micros=32)
    rows = streams()[name]
    for at in range(0, len(rows), 97):
        model.partial_fit(rows[at : at + 97])
        assert 1 <= model.n_clusters_ <= 7
        assert model.metrics_["micros"] <= 32
        assert np.isfinite(model.cluster_centers_).all()
        assert (model.counts_ > 0).all()
        assert model.labels_.max() == model.n_clusters_ - 1


def test_river_1086_clusters_do_not_grow_without_end() -> None:
    random = np.random.default_rng(1)
    model = StreamingClusterer(frame_size=1000)
    sizes = []
    for turn in range(60):
        model.partial_fit(random.normal(size=(1000, 3)) + 10 * turn)
        sizes.append(len(model.snapshot()))
        assert model.metrics_["micros"] <= 128
    assert max(sizes[5:]) - min(sizes[5:]) < 5000


def test_river_1324_faded_clusters_go_and_none_overwrites_another() -> None:
    random = np.random.default_rng(2)
    model = StreamingClusterer(half_life=300, micros=16)
    model.partial_fit(random.normal(size=(2000, 2)))
    for _ in range(20):
        model.partial_fit(random.normal(size=(100, 2)) + 1e4)
        model.partial_fit(random.normal(size=(100, 2)) - 1e4)
        assert model.counts_.sum() <= 2 / (1 - 2 ** (-1 / 300))
    assert model.n_clusters_ == 2
    assert sorted(np.round(model.cluster_centers_[:, 0], -3).tolist()) == [-1e4, 1e4]


def test_river_1466_wide_embeddings_have_clusters() -> None:
    random = np.random.default_rng(3)
    topics = random.normal(size=(6, 1536))
    labels = random.integers(0, 6, 600)
    rows = topics[labels] + 0.5 * random.normal(size=(600, 1536))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    model = StreamingClusterer().fit(rows)
    assert model.n_clusters_ == 6
    assert adjusted_rand_score(labels, model.labels_) == 1.0


def test_river_2006_a_chain_of_micro_clusters_is_one_cluster() -> None:
    random = np.random.default_rng(4)
    middles = np.array([0.0, 0.25, 0.5])
    rows = middles[random.integers(0, 3, 3000), None] + 0.1 * random.normal(size=(3000, 1))
    model = StreamingClusterer(micros=16).fit(rows)
    assert model.metrics_["micros"] >= 3
    assert model.n_clusters_ == 1
    assert set(model.predict(middles[:, None])) == {0}
