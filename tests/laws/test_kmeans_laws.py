"""Laws of K-Means that hold for any rows."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shoal.clustering import KMeans
from shoal.clustering.kernels.packing import CHUNKS, block_rows

BOUNDED = (64, 64)
PLAIN = (3, 7)
VALUES = st.integers(-40, 40).map(lambda value: value / 4)
TABLES = st.integers(3, 40).flatmap(
    lambda n: st.integers(1, 4).flatmap(lambda d: arrays(np.float64, (n, d), elements=VALUES))
)
QUICK = settings(max_examples=40, deadline=None)


def fit(rows: Any, k: int = 3, weights: Any = None, **parameters: Any) -> KMeans:
    """Fit quietly: few distinct rows are not worth a warning here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KMeans(k, **{"random_state": 0, "tol": 0} | parameters).fit(rows, sample_weight=weights)


@QUICK
@given(rows=TABLES)
def test_each_row_has_its_nearest_centre_and_inertia_is_their_sum(rows: Any) -> None:
    model = fit(rows)
    distances = np.square(rows[:, None] - model.cluster_centers_[None]).sum(axis=2)
    own = distances[np.arange(len(rows)), model.labels_]
    np.testing.assert_allclose(own, distances.min(axis=1), atol=1e-9)
    assert model.inertia_ == pytest.approx(own.sum(), abs=1e-9)


@QUICK
@given(rows=TABLES)
def test_clusters_are_in_canonical_order(rows: Any) -> None:
    model = fit(rows)
    sizes = np.bincount(model.labels_, minlength=3)
    keys = [(-size, *centre) for size, centre in zip(sizes, model.cluster_centers_.tolist(), strict=True)]
    assert keys == sorted(keys)


@QUICK
@given(rows=TABLES, seed=st.integers(0, 2**31))
def test_the_order_of_rows_does_not_matter(rows: Any, seed: int) -> None:
    shuffle = np.random.default_rng(seed).permutation(len(rows))
    assert fit(rows[shuffle]).inertia_ == pytest.approx(fit(rows).inertia_, abs=1e-9)


@QUICK
@given(rows=TABLES, factor=st.sampled_from([0.25, 4.0, 1024.0]))
def test_scaled_weights_change_nothing_but_inertia(rows: Any, factor: float) -> None:
    weights = np.full(len(rows), factor)
    plain, scaled = fit(rows), fit(rows, weights=weights)
    assert np.array_equal(plain.labels_, scaled.labels_)
    assert scaled.inertia_ == pytest.approx(factor * plain.inertia_, abs=1e-9)


@QUICK
@given(rows=TABLES)
def test_one_more_iteration_never_raises_inertia(rows: Any) -> None:
    k = min(4, len(rows))
    start = np.unique(rows, axis=0)[:k]
    inertias = [fit(rows, len(start), init=start, max_iter=n).inertia_ for n in range(1, 6)]
    assert all(after <= before + 1e-9 for before, after in pairwise(inertias))


@pytest.mark.parametrize(("d", "k"), [PLAIN, BOUNDED])
@pytest.mark.parametrize("seed", range(4))
def test_a_weight_is_a_number_of_copies(d: int, k: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(600, d)) + 3 * random.normal(size=(6, d))[random.integers(0, 6, 600)]
    weights = random.integers(0, 4, 600)
    copies = np.repeat(rows, weights, axis=0)[random.permutation(weights.sum())]
    weighted, repeated = fit(rows, k, weights, random_state=seed), fit(copies, k, random_state=seed)
    np.testing.assert_allclose(weighted.cluster_centers_, repeated.cluster_centers_, atol=1e-9)
    assert weighted.inertia_ == pytest.approx(repeated.inertia_, rel=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("d", "k"), [PLAIN, BOUNDED])
@pytest.mark.parametrize("weighted", [False, True])
def test_threads_do_not_change_a_bit(dtype: type, d: int, k: int, weighted: bool) -> None:
    random = np.random.default_rng(0)
    n = 5 * CHUNKS * block_rows(dtype) + 17
    rows: Any = random.normal(size=(n, d)).astype(dtype)
    weights = random.random(n) if weighted else None
    models = [fit(rows, k, weights, n_jobs=jobs, max_iter=40) for jobs in (1, 2, 4)]
    for other in models[1:]:
        assert other.labels_.tobytes() == models[0].labels_.tobytes()
        assert other.cluster_centers_.tobytes() == models[0].cluster_centers_.tobytes()
        assert other.inertia_ == models[0].inertia_


def test_a_seed_gives_the_same_clusters_again() -> None:
    rows = np.random.default_rng(3).normal(size=(400, 5))
    for init in ("k-means++", "random"):
        first, second = (fit(rows, 6, init=init, random_state=11) for _ in range(2))
        assert first.cluster_centers_.tobytes() == second.cluster_centers_.tobytes()
