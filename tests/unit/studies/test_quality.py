from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)

from shoal.studies.results.quality import MOST_ROWS, quality, sampled, silhouettes


def groups(n: int, k: int = 4, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    labels = rng.integers(k, size=n)
    return 2.0 * labels[:, None] + rng.normal(size=(n, d)), labels


@pytest.mark.parametrize("n", [40, 256, 257, 700])
def test_silhouettes_are_those_of_scikit_learn(n: int) -> None:
    rows, labels = groups(n)
    np.testing.assert_allclose(silhouettes(rows, labels, 4), silhouette_samples(rows, labels), atol=1e-9)


def test_a_row_alone_in_its_cluster_has_none() -> None:
    rows, labels = groups(50)
    labels[7] = 4
    found = silhouettes(rows, labels, 5)
    assert found[7] == 0
    np.testing.assert_allclose(found, silhouette_samples(rows, labels), atol=1e-9)


def test_all_three_measures_are_those_of_scikit_learn() -> None:
    rows, labels = groups(900)
    found = quality(rows, labels, 4, seed=0)
    assert found is not None
    assert found["silhouette"]["rows"] == 900
    assert found["silhouette"]["mean"] == pytest.approx(silhouette_score(rows, labels), abs=1e-7)
    assert found["calinski_harabasz"] == pytest.approx(calinski_harabasz_score(rows, labels), rel=1e-9)
    assert found["davies_bouldin"] == pytest.approx(davies_bouldin_score(rows, labels), rel=1e-9)


def test_of_many_rows_a_sample_that_the_seed_gives_is_measured() -> None:
    rows, labels = groups(MOST_ROWS + 500)
    found = quality(rows, labels, 4, seed=3)
    assert found is not None
    chosen = np.sort(np.random.default_rng([3, 3]).choice(len(rows), MOST_ROWS, replace=False))
    np.testing.assert_array_equal(sampled(len(rows), 3), chosen)
    widths = silhouette_samples(rows[chosen], labels[chosen])
    assert found["silhouette"]["mean"] == pytest.approx(widths.mean(), abs=1e-9)
    each = [widths[labels[chosen] == cluster].mean() for cluster in range(4)]
    assert found["silhouette"]["clusters"] == pytest.approx(each, abs=1e-9)
    assert found["silhouette"]["rows"] == MOST_ROWS


def test_one_cluster_and_rows_that_are_all_clusters_have_no_quality() -> None:
    rows, _ = groups(5)
    assert quality(rows, np.zeros(5, int), 1, 0) is None
    assert quality(rows, np.arange(5), 5, 0) is None


def test_repeated_rows_are_measured_too() -> None:
    rows = np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)
    found = quality(rows, np.repeat([0, 1], 20), 2, 0)
    assert found is not None
    assert found["silhouette"]["mean"] == 1.0
    assert found["davies_bouldin"] == 0.0
    assert found["calinski_harabasz"] == 1.0
