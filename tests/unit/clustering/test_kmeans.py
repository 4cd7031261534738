"""K-Means is a scikit-learn estimator, and says what it cannot do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal.base.errors import ShoalError
from shoal.clustering import KMeans
from shoal.clustering.limits import InvalidData, InvalidParameter

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [9.0, 9.0], [9.0, 8.0], [9.0, 10.0]])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([KMeans()])  # type: ignore[untyped-decorator]
def test_keeps_every_rule_for_estimators(estimator: Any, check: Any) -> None:
    check(estimator)


def test_clusters_are_numbered_by_size() -> None:
    model = KMeans(2, random_state=3).fit(ROWS)
    assert model.labels_.tolist() == [1, 1, 0, 0, 0]
    assert model.cluster_centers_.tolist() == [[9.0, 9.0], [0.0, 0.5]]
    assert model.inertia_ == pytest.approx(0.5 + 2.0)


def test_equal_clusters_are_numbered_by_centre() -> None:
    model = KMeans(2, random_state=0).fit(ROWS[:4])
    assert model.cluster_centers_.tolist() == [[0.0, 0.5], [9.0, 8.5]]


def test_weights_decide_the_numbering() -> None:
    model = KMeans(2, random_state=0).fit(ROWS, sample_weight=[9, 9, 1, 1, 1])
    assert model.labels_.tolist() == [0, 0, 1, 1, 1]


def test_scalar_weight_is_the_weight_of_every_row() -> None:
    model = KMeans(2, random_state=0).fit(ROWS, sample_weight=2.0)
    assert model.inertia_ == pytest.approx(5.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_centres_and_distances_keep_the_type_of_rows(dtype: type) -> None:
    model = KMeans(2, random_state=0).fit(ROWS.astype(dtype))
    assert model.cluster_centers_.dtype == dtype
    assert model.transform(ROWS.astype(dtype)).dtype == dtype
    assert model.labels_.dtype == np.int32


def test_integers_are_clustered_in_float64() -> None:
    assert KMeans(2, random_state=0).fit(ROWS.astype(int)).cluster_centers_.dtype == np.float64


def test_distances_and_score_follow_from_centres() -> None:
    model = KMeans(2, random_state=0).fit(ROWS)
    expected = np.linalg.norm(ROWS[:, None] - model.cluster_centers_[None], axis=2)
    np.testing.assert_allclose(model.transform(ROWS), expected, rtol=1e-12)
    assert model.score(ROWS) == pytest.approx(-model.inertia_)
    assert model.score(ROWS, sample_weight=[0, 0, 1, 1, 1]) == pytest.approx(-2.0)


def test_rows_predict_their_labels() -> None:
    rows = np.random.default_rng(0).normal(size=(500, 3))
    model = KMeans(7, random_state=0, tol=0).fit(rows)
    assert np.array_equal(model.predict(rows), model.labels_)


def test_names_of_columns_and_clusters_are_kept() -> None:
    pandas = pytest.importorskip("pandas")
    model = KMeans(2, random_state=0).fit(pandas.DataFrame(ROWS, columns=["a", "b"]))
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert model.get_feature_names_out().tolist() == ["kmeans0", "kmeans1"]


def test_rows_and_centres_given_are_not_changed() -> None:
    rows, start = ROWS.copy(), ROWS[[0, 2]].copy()
    KMeans(2, init=start).fit(rows)
    assert np.array_equal(rows, ROWS)
    assert np.array_equal(start, ROWS[[0, 2]])


def test_starting_centres_may_come_from_a_function() -> None:
    def first_rows(X: Any, k: int, random_state: Any) -> Any:
        return X[:k]

    model = KMeans(2, init=first_rows, n_init=1).fit(ROWS)
    assert model.inertia_ == KMeans(2, init=ROWS[:2]).fit(ROWS).inertia_


def test_the_best_restart_is_kept() -> None:
    rows = np.random.default_rng(1).normal(size=(300, 2))
    one = [KMeans(9, init="random", n_init=1, random_state=seed).fit(rows).inertia_ for seed in range(8)]
    assert KMeans(9, init="random", n_init=40, random_state=0).fit(rows).inertia_ < np.median(one)


def test_a_copy_fits_alike() -> None:
    model = KMeans(3, random_state=5, n_init=2)
    assert np.array_equal(model.fit_predict(ROWS), clone(model).fit_predict(ROWS))


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_clusters": 0},
        {"n_clusters": 2.5},
        {"n_clusters": True},
        {"init": "best"},
        {"init": 3},
        {"n_init": 0},
        {"n_init": "many"},
        {"max_iter": 0},
        {"tol": -1.0},
        {"tol": float("nan")},
        {"n_jobs": 0},
        {"init": [[1.0, 2.0]]},
        {"init": [[1.0, np.nan], [0.0, 0.0]]},
    ],
)
def test_a_parameter_beyond_its_limits_is_named_at_fit(wrong: dict[str, Any]) -> None:
    model = KMeans(**{"n_clusters": 2} | wrong)
    with pytest.raises(InvalidParameter) as caught:
        model.fit(ROWS)
    assert isinstance(caught.value, ShoalError)
    assert next(iter(wrong)) in str(caught.value) or "starting centres" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_value_that_is_not_finite_is_refused(value: float, dtype: type) -> None:
    rows: Any = ROWS.astype(dtype)
    rows[3, 1] = value
    fitted = KMeans(2, random_state=0).fit(ROWS.astype(dtype))
    for use in (KMeans(2).fit, fitted.predict, fitted.transform, fitted.score):
        with pytest.raises(InvalidData, match="NaN" if np.isnan(value) else "infinity"):
            use(rows)


def test_values_whose_squares_overflow_are_refused() -> None:
    with pytest.raises(InvalidData, match="too large"):
        KMeans(2).fit(np.array([[1e30], [2.0]], np.float32))
    assert KMeans(2, random_state=0).fit(np.array([[1e30], [2.0]])).labels_.tolist() == [1, 0]


@pytest.mark.parametrize(
    "weights", [[1, 1, 1, 1], [1, 1, 1, 1, -1], [0, 0, 0, 0, 0], [1, 1, 1, 1, np.nan], ["x"] * 5]
)
def test_unusable_weights_are_refused(weights: Any) -> None:
    with pytest.raises(InvalidData, match="sample_weight"):
        KMeans(2).fit(ROWS, sample_weight=weights)


def test_more_clusters_than_rows_are_refused() -> None:
    with pytest.raises(InvalidData, match="n_clusters=6"):
        KMeans(6).fit(ROWS)


def test_fewer_distinct_rows_than_clusters_are_told() -> None:
    rows = np.repeat([[1.0, 2.0], [3.0, 4.0]], 10, axis=0)
    with pytest.warns(ConvergenceWarning, match="Only 2 of 5"):
        model = KMeans(5, random_state=0).fit(rows)
    assert model.inertia_ == 0.0
    assert sorted(np.bincount(model.labels_, minlength=5).tolist()) == [0, 0, 0, 10, 10]
    assert np.isfinite(model.cluster_centers_).all()


def test_a_cluster_without_rows_takes_the_farthest() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [50.0]])
    model = KMeans(2, init=[[1.0], [-200.0]]).fit(rows)
    assert model.labels_.tolist() == [0, 0, 0, 1]


def test_a_cluster_never_takes_a_row_without_weight() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [10.0], [50.0]])
    model = KMeans(2, init=[[1.0], [-200.0]]).fit(rows, sample_weight=[1, 1, 1, 1, 0])
    assert model.cluster_centers_.tolist() == [[1.0], [10.0]]


def test_read_only_rows_meet_the_same_kernels() -> None:
    from shoal.clustering.kernels.jit import compiled_count

    KMeans(2, random_state=0).fit(ROWS)
    before, rows = compiled_count(), ROWS.copy()
    rows.flags.writeable = False
    KMeans(2, random_state=0).fit(rows, sample_weight=rows[:, 0] + 1)
    assert compiled_count() == before
