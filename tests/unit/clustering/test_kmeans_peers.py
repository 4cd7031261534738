"""K-Means does what scikit-learn's does, given the same start."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans as Peer

from shoal.clustering import KMeans
from shoal.clustering.canonical import canonical_order, ranks_of

SHAPES = [
    (1, 2),
    (1, 9),
    (2, 8),
    (3, 5),
    (8, 16),
    (15, 31),
    (16, 48),
    (17, 49),
    (33, 64),
    (64, 65),
    (100, 100),
]


def blobs(seed: int, n: int, d: int, spread: float = 2.0) -> Any:
    random = np.random.default_rng(seed)
    return random.normal(size=(n, d)) + spread * random.normal(size=(9, d))[random.integers(0, 9, n)]


def peer(k: int, rows: Any, start: Any, weights: Any = None, **settings: Any) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Peer(k, init=start, n_init=1, **settings).fit(rows, sample_weight=weights)
    masses = np.bincount(model.labels_, weights=weights, minlength=k).astype(float)
    return model, ranks_of(canonical_order(masses, model.cluster_centers_))[model.labels_]


@pytest.mark.parametrize("max_iter", [1, 4, 300])
@pytest.mark.parametrize(("d", "k"), SHAPES)
def test_float64_labels_and_inertia_equal_scikit_learns(d: int, k: int, max_iter: int) -> None:
    for seed in range(3):
        n = max(2 * k, 70 + 311 * seed)
        rows = blobs(seed, n, d)
        start = rows[np.random.default_rng(seed).choice(n, k, replace=False)]
        ours = KMeans(k, init=start, max_iter=max_iter, tol=0).fit(rows)
        theirs, labels = peer(k, rows, start, max_iter=max_iter, tol=0)
        assert np.array_equal(ours.labels_, labels)
        assert ours.n_iter_ == theirs.n_iter_
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)


@pytest.mark.parametrize(("d", "k"), [(2, 8), (8, 16), (64, 64)])
def test_tolerance_stops_where_scikit_learns_does(d: int, k: int) -> None:
    rows = blobs(5, 3000, d)
    ours = KMeans(k, init=rows[:k], tol=1e-2).fit(rows)
    theirs, labels = peer(k, rows, rows[:k], tol=1e-2)
    assert ours.n_iter_ == theirs.n_iter_
    assert np.array_equal(ours.labels_, labels)


@pytest.mark.parametrize(("d", "k"), [(1, 3), (2, 8), (64, 70)])
def test_weighted_labels_equal_scikit_learns(d: int, k: int) -> None:
    rows = blobs(7, 1200, d)
    weights = np.random.default_rng(7).integers(0, 5, 1200).astype(float)
    ours = KMeans(k, init=rows[:k], tol=0).fit(rows, sample_weight=weights)
    theirs, labels = peer(k, rows, rows[:k], weights, tol=0)
    assert np.array_equal(ours.labels_, labels)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)


@pytest.mark.parametrize(("d", "k"), [(2, 5), (64, 70)])
def test_a_start_far_from_all_rows_ends_where_scikit_learns_does(d: int, k: int) -> None:
    rows = blobs(8, 900, d)
    start = rows[:k].copy()
    start[1] += 1e4
    ours = KMeans(k, init=start, tol=0).fit(rows)
    theirs, labels = peer(k, rows, start, tol=0)
    assert np.array_equal(ours.labels_, labels)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-12)


@pytest.mark.parametrize("max_iter", [1, 5, 20])
@pytest.mark.parametrize(("d", "k"), [(2, 8), (8, 16), (16, 48), (64, 64)])
def test_float32_inertia_is_scikit_learns_in_float64(d: int, k: int, max_iter: int) -> None:
    rows = blobs(9, 4000, d).astype(np.float32)
    start = rows[:k].astype(np.float64)
    ours = KMeans(k, init=rows[:k], max_iter=max_iter, tol=0).fit(rows)
    theirs, _ = peer(k, rows.astype(np.float64), start, max_iter=max_iter, tol=0)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-6)


def test_float32_far_from_the_origin_loses_nothing() -> None:
    rows = (blobs(10, 2000, 3) + 1e4).astype(np.float32)
    ours = KMeans(5, init=rows[:5], tol=0).fit(rows)
    theirs, _ = peer(5, rows.astype(np.float64), rows[:5].astype(np.float64), tol=0)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-6)
