"""Figures of quality are those that scikit-learn recomputes from the same rows and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import davies_bouldin_score, silhouette_score

from shoal.clustering.quality import quality, sample_places


def clustered(seed: int, n: int, d: int, k: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    centres = 4 * random.normal(size=(k, d))
    labels = random.integers(-1, k, n).astype(np.int32)
    return centres[labels] + random.normal(size=(n, d)), labels, centres


@pytest.mark.parametrize(("n", "d", "k"), [(30, 1, 2), (500, 3, 4), (1000, 2, 3), (5000, 10, 12)])
@pytest.mark.parametrize("seed", range(3))
def test_figures_equal_scikit_learns(seed: int, n: int, d: int, k: int) -> None:
    rows, labels, centres = clustered(seed, n, d, k)
    found = quality(rows, labels, centres)
    rows, labels = rows[labels >= 0], labels[labels >= 0]
    assert found["inertia"] == pytest.approx(((rows - centres[labels]) ** 2).sum(), rel=1e-9)
    places = sample_places(len(rows))
    expected = silhouette_score(rows[places], labels[places])
    assert found["silhouette"] == pytest.approx(expected, abs=1e-6)
    assert found["davies_bouldin"] == pytest.approx(davies_bouldin_score(rows, labels), rel=1e-6)


def test_cluster_of_one_row_counts_as_in_scikit_learn() -> None:
    rows, labels = np.array([[0.0], [0.1], [5.0], [9.0], [9.1]]), np.array([0, 0, 1, 2, 2], np.int32)
    found = quality(rows, labels, np.array([[0.05], [5.0], [9.05]]))
    assert found["silhouette"] == pytest.approx(silhouette_score(rows, labels), abs=1e-12)


def test_one_cluster_has_inertia_alone_and_no_rows_nothing() -> None:
    rows = np.array([[0.0], [2.0]])
    assert quality(rows, np.zeros(2, np.int32), np.array([[1.0]])) == {"inertia": 2.0}
    assert quality(rows, np.full(2, -1, np.int32), np.empty((0, 1))) == {}


def test_sample_is_the_same_each_time_and_no_larger_than_asked() -> None:
    assert sample_places(5).tolist() == [0, 1, 2, 3, 4]
    places = sample_places(100_000)
    assert places.size == 1000 and np.all(np.diff(places) > 0)
    assert np.array_equal(places, sample_places(100_000))
