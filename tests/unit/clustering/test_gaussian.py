"""Hard Gaussian clustering and its selector as estimators."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal.clustering import GaussianKMeans, GaussianKMeansSelector
from shoal.clustering.gaussians.fitting import fit_mode, fit_seed, prepare
from shoal.clustering.kernels.jit import compiled_count
from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.modes import MODE_NAMES, MODES, Mode, mode_named, mode_of

Rows = Callable[..., Any]


@pytest.fixture
def blobs() -> Rows:
    def make(n: int = 600, spread: float = 1.0, d: int = 2, seed: int = 3, groups: int = 3) -> Any:
        return make_blobs(n, d, centers=groups, cluster_std=spread, random_state=seed)[0]

    return make


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        GaussianKMeans(),
        GaussianKMeans(covariance_type="diag", tied=True, assignment="distance", scoring="legacy"),
        GaussianKMeansSelector(max_k=4, n_init=2),
    ]
)
def test_is_a_scikit_learn_estimator(estimator: Any, check: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


KNOWN_TO_PEER = [mode for mode in MODES if mode.covariance == "full" or not mode.tied]


@pytest.mark.parametrize("mode", KNOWN_TO_PEER, ids=[mode.name for mode in KNOWN_TO_PEER])
def test_scores_are_those_of_a_mixture_when_groups_are_far_apart(mode: Mode, blobs: Rows) -> None:
    rows = blobs(spread=0.3)
    ours = GaussianKMeans(3, covariance_type=mode.covariance, tied=mode.tied, random_state=0).fit(rows)
    kind = "tied" if mode.tied else mode.covariance
    theirs = GaussianMixture(3, covariance_type=kind, n_init=3, random_state=0, reg_covar=0).fit(rows)
    assert ours.bic(rows) == pytest.approx(theirs.bic(rows), abs=0.01)
    assert ours.aic(rows) == pytest.approx(theirs.aic(rows), abs=0.01)
    assert np.sort(ours.score_samples(rows)) == pytest.approx(np.sort(theirs.score_samples(rows)), abs=1e-2)
    assert ours.covariances_.shape == theirs.covariances_.shape


@pytest.mark.parametrize("scoring", ["correct", "legacy"])
@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_bic_is_minus_twice_the_studys(mode: Mode, scoring: Any, blobs: Rows) -> None:
    rows = blobs(spread=3.0)
    seed = 5
    fit = fit_mode(prepare(rows), 3, *mode, seed=seed, score=scoring)
    shape, tied = mode
    model = GaussianKMeans(3, covariance_type=shape, tied=tied, random_state=seed, scoring=scoring).fit(rows)
    assert model.bic(rows) == -2 * fit.bic
    assert model.aic(rows) == -2 * fit.aic
    assert model.icl(rows) == fit.icl
    assert np.array_equal(model.predict(rows), model.labels_)


def test_icl_pays_for_overlap_and_equals_bic_without(blobs: Rows) -> None:
    apart, mixed = blobs(spread=0.2), blobs(spread=4.0)
    far = GaussianKMeans(3, random_state=0).fit(apart)
    near = GaussianKMeans(3, random_state=0).fit(mixed)
    assert far.icl(apart) == pytest.approx(far.bic(apart) / -2, abs=1e-6)
    assert near.icl(mixed) < near.bic(mixed) / -2 - 1


def test_icl_is_the_mixtures_bic_less_the_entropy(blobs: Rows) -> None:
    rows = blobs(spread=3.0)
    model = GaussianKMeans(3, covariance_type="diag", random_state=0).fit(rows)
    shares = model.predict_proba(rows)
    entropy = -np.sum(shares * np.log(np.maximum(shares, 1e-300)))
    penalty = mode_of("diag", False).free_parameters(3, 2) / 2 * np.log(len(rows))
    assert model.icl(rows) == pytest.approx(model.score_samples(rows).sum() - penalty - entropy, rel=1e-12)


def test_shares_sum_to_one_and_agree_with_the_labels(blobs: Rows) -> None:
    rows = blobs(spread=2.0)
    model = GaussianKMeans(3, random_state=0).fit(rows)
    shares = model.predict_proba(rows)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert np.array_equal(shares.argmax(axis=1), model.labels_)
    assert model.score(rows) == pytest.approx(model.score_samples(rows).mean())


def test_narrow_and_wide_groups_are_told_apart_where_k_means_cannot() -> None:
    random = np.random.default_rng(0)
    rows = np.vstack([random.normal(0, 5, (400, 2)), random.normal([4, 0], 0.2, (400, 2))])
    truth = np.repeat([0, 1], 400)
    found = GaussianKMeans(2, covariance_type="spherical", random_state=0).fit(rows)
    assert adjusted_rand_score(truth, found.labels_) > 0.95


def test_fits_are_the_same_bits_in_any_order_and_on_any_thread(blobs: Rows) -> None:
    prepared = prepare(blobs(n=6000, spread=3.0), scale=True)
    assert prepared.sample is not None
    grid = [(k, mode) for k in (1, 2, 4, 7) for mode in MODES]

    def run(place: tuple[int, Mode]) -> tuple[bytes, float, float, float]:
        k, mode = place
        fit = fit_mode(prepared, k, *mode, n_init=3, seed=fit_seed(1, 0, k, mode))
        return fit.labels.tobytes(), fit.bic, fit.icl, fit.log_likelihood

    forward = [run(place) for place in grid]
    assert [run(place) for place in reversed(grid)] == forward[::-1]
    for threads in (2, 4):
        with ThreadPoolExecutor(threads) as pool:
            assert list(pool.map(run, grid)) == forward


@pytest.mark.parametrize("n", [400, 5000])
@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_the_order_of_rows_does_not_matter(mode: Mode, n: int, blobs: Rows) -> None:
    rows = blobs(n=n, spread=3.0)
    mixed = np.random.default_rng(0).permutation(n)
    first = fit_mode(prepare(rows), 4, *mode, n_init=3, seed=1)
    second = fit_mode(prepare(rows[mixed]), 4, *mode, n_init=3, seed=1)
    assert np.array_equal(first.labels[mixed], second.labels)
    assert second.bic == pytest.approx(first.bic, rel=1e-12)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_a_weight_is_a_number_of_copies(mode: Mode, blobs: Rows) -> None:
    rows = blobs(n=200, spread=2.5)
    weights = np.random.default_rng(0).integers(0, 4, len(rows))
    weighted = fit_mode(prepare(rows, weights), 3, *mode, seed=2)
    repeated = fit_mode(prepare(np.repeat(rows, weights, axis=0)), 3, *mode, seed=2)
    assert np.array_equal(np.repeat(weighted.labels, weights), repeated.labels)
    assert weighted.bic == pytest.approx(repeated.bic, rel=1e-10)
    assert weighted.icl == pytest.approx(repeated.icl, rel=1e-10)
    assert weighted.sizes.tolist() == pytest.approx(repeated.sizes.tolist())


def test_a_restart_with_enough_members_beats_a_likelier_one(blobs: Rows) -> None:
    prepared = prepare(blobs(n=400, spread=3.0))
    free = fit_mode(prepared, 7, "full", False, seed=0)
    held = fit_mode(prepared, 7, "full", False, seed=0, min_members=20)
    assert free.smallest < 20 <= held.smallest
    assert held.meets_min_members and held.bic < free.bic


def table(random: Any) -> dict[str, Any]:
    line = random.normal(size=(80, 1))
    return {
        "constant column": np.column_stack([random.normal(size=60), np.full(60, 0.1)]),
        "repeated rows": np.repeat(random.normal(size=(7, 2)), 20, axis=0),
        "one column": random.normal(size=(50, 1)),
        "collinear": line @ [[1.0, 2.0, -1.0]] + 1,
        "grid": np.array(list(itertools.product(range(8), range(8))), dtype=float),
        "far from zero": random.normal(size=(100, 2)) + 1e8,
        "unlike units": random.normal(size=(100, 3)) * [1e-8, 1.0, 1e8],
        "one far row": np.vstack([random.normal(size=(99, 2)), [[1e6, 1e6]]]),
        "few values": np.column_stack([random.normal(size=300), random.integers(0, 3, 300)]),
        "more columns than rows": random.normal(size=(30, 60)),
        "all equal": np.full((30, 2), 0.1),
        "one row": np.array([[1.0, 2.0]]),
    }


@pytest.mark.parametrize("name", list(table(np.random.default_rng(0))))
def test_no_table_breaks_a_fit_or_its_monotony(name: str) -> None:
    prepared = prepare(table(np.random.default_rng(0))[name])
    for mode in MODES:
        for k in {1, 2, 5} & set(range(prepared.distinct + 1)):
            fit = fit_mode(prepared, k, *mode, n_init=3)
            assert np.isfinite([fit.bic, fit.aic, fit.icl, fit.log_likelihood]).all()
            assert np.isfinite(fit.covariances).all()
            assert fit.icl <= fit.bic + 1e-6 * abs(fit.bic)
            assert (np.diff(fit.history) >= -1e-9 * abs(fit.history[-1])).all()
            assert fit.converged


def test_a_spike_of_likelihood_is_not_recommended() -> None:
    random = np.random.default_rng(0)
    rows = np.vstack([random.normal(size=(500, 2)), np.tile([[1.0, 1.0]], (40, 1))])
    model = GaussianKMeansSelector(3, covariances=["full-untied"], n_init=5, random_state=0).fit(rows)
    best = model.recommendation_.best
    assert best is not None and not best.fit.degenerate
    assert max(trial.bic for trial in model.results_ if trial.degenerate) > best.value


def test_more_clusters_than_distinct_rows_is_said() -> None:
    rows = np.repeat([[0.0, 0.0], [1.0, 5.0], [2.0, 1.0]], 5, axis=0)
    with pytest.warns(ConvergenceWarning, match="Only 3 of 5"):
        model = GaussianKMeans(5, random_state=0).fit(rows)
    assert set(model.labels_) == {0, 1, 2}
    assert model.means_.shape == (3, 2)
    with pytest.raises(InvalidData, match="3 distinct rows cannot form 5 clusters"):
        fit_mode(prepare(rows), 5, "full", True)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"n_clusters": 0}, "n_clusters=0"),
        ({"covariance_type": "round"}, "covariance_type='round'"),
        ({"assignment": "soft"}, "assignment='soft'"),
        ({"scoring": "nice"}, "scoring='nice'"),
        ({"tol": -1.0}, "tol=-1.0"),
    ],
)
def test_a_parameter_beyond_its_limits_is_named(parameters: Any, words: str, blobs: Rows) -> None:
    with pytest.raises(InvalidParameter, match=words):
        GaussianKMeans(**parameters).fit(blobs())


def test_fewer_rows_than_clusters_is_an_error() -> None:
    with pytest.raises(InvalidData, match="n_samples=2 is fewer than n_clusters=3"):
        GaussianKMeans(3).fit([[0.0], [1.0]])


def test_what_cannot_be_squared_is_refused_with_a_remedy() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 2))
    with pytest.raises(InvalidData, match="Scale the columns"):
        GaussianKMeans(2).fit(rows * 1e-150)
    assert fit_mode(prepare(rows * 1e-150, scale=True), 2, "full", True).converged


def test_the_selector_works_in_a_pipeline_and_says_what_it_found(blobs: Rows) -> None:
    rows = blobs(spread=0.4) * [1.0, 1000.0]
    pipeline = make_pipeline(StandardScaler(), GaussianKMeansSelector(5, n_init=3, random_state=0))
    labels = pipeline.fit_predict(rows)
    model = pipeline[-1]
    assert model.n_clusters_ == 3
    assert model.verdict_ == "Your data falls into 3 groups (clusters) of 200, 200 and 200 rows."
    assert np.array_equal(pipeline.predict(rows), labels)
    assert len(model.results_) == 5 * 6
    assert model.best_estimator_.bic(pipeline[0].transform(rows)) == -2 * model.recommendation_.best.value


def test_the_selector_fits_what_a_study_fits(blobs: Rows) -> None:
    rows = blobs(spread=2.0)
    model = GaussianKMeansSelector(
        3, n_init=2, n_experiments=2, random_state=9, min_members=10, n_jobs=2
    ).fit(rows)
    prepared = prepare(rows)
    for trial in model.results_:
        mode = mode_named(trial.mode)
        seed = fit_seed(9, trial.experiment, trial.k, mode)
        assert fit_mode(prepared, trial.k, *mode, n_init=2, seed=seed, min_members=10).bic == trial.bic


def test_nothing_is_compiled_after_warming(blobs: Rows) -> None:
    from shoal.clustering.gaussian_warm import warm

    warm()
    before = compiled_count()
    frozen = blobs(n=5000, d=3)
    frozen.setflags(write=False)
    GaussianKMeansSelector(3, n_init=2, random_state=0).fit(frozen, sample_weight=np.ones(5000))
    GaussianKMeans(3, assignment="distance", scoring="legacy").fit(frozen.astype(np.float32)).predict(frozen)
    assert compiled_count() == before
