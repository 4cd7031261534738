"""What users of K-Means Service know: its defaults, its grid, its scores, its choice and its labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_blobs

from shoal.base.errors import InvalidInput
from shoal.studies.model import Fit
from shoal.studies.notebook import StudyResult, study
from shoal.studies.plan import StudyPlan
from shoal.studies.telling.document import document

SIX_MODES = ("full-tied", "full-untied", "diag-tied", "diag-untied", "spher-tied", "spher-untied")
ENTRIES: dict[str, Callable[[int, int], int]] = {  # free covariance entries for k clusters in d columns
    "full-tied": lambda k, d: d * (d + 1) // 2,
    "full-untied": lambda k, d: k * d * (d + 1) // 2,
    "diag-tied": lambda k, d: d,
    "diag-untied": lambda k, d: k * d,
    "spher-tied": lambda k, d: 1,
    "spher-untied": lambda k, d: k,
}
# The older service on `four_groups`: (mode, k) -> log-likelihood, BIC, AIC.
OLD_SCORES = {
    ("full-tied", 1): (-17112.834543, -17151.161913, -17121.834543),
    ("full-untied", 1): (-17112.834543, -17151.161913, -17121.834543),
    ("diag-tied", 1): (-18050.048995, -18075.600574, -18056.048995),
    ("diag-untied", 1): (-18050.048995, -18075.600574, -18056.048995),
    ("spher-tied", 1): (-18050.048995, -18067.083381, -18054.048995),
    ("spher-untied", 1): (-18050.048995, -18067.083381, -18054.048995),
    ("full-tied", 4): (-141.919576, -231.350104, -162.919576),
    ("full-untied", 4): (-134.041999, -300.127266, -173.041999),
    ("diag-tied", 4): (-145.096487, -221.751225, -163.096487),
    ("diag-untied", 4): (-141.126952, -256.109060, -168.126952),
    ("spher-tied", 4): (-804.675713, -872.813259, -820.675713),
    ("spher-untied", 4): (-804.209118, -885.122453, -823.209118),
}
# The same on its sample file normal.csv.
OLD_SCORES_OF_NORMAL = {
    ("full-tied", 1): (-5558.472006, -5578.487925, -5563.472006),
    ("full-tied", 3): (-3274.706455, -3318.741476, -3285.706455),
    ("full-untied", 3): (-3272.881239, -3340.935363, -3289.881239),
    ("diag-tied", 3): (-3274.743435, -3314.775273, -3284.743435),
    ("diag-untied", 3): (-3273.602141, -3329.646714, -3287.602141),
}
NORMAL = Path(__file__).parents[3] / "shared" / "data" / "normal.csv"


def four_groups() -> NDArray[np.float64]:
    rows, _ = make_blobs(n_samples=5000, n_features=3, centers=4, cluster_std=1.0, random_state=7)
    return np.asarray(rows, np.float64)


def three_groups(sizes: Sequence[int] = (60, 50, 40), seed: int = 3) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    centres = np.repeat([[0.0, 0.0], [9.0, 1.0], [3.0, 8.0]], sizes, axis=0)
    return centres * [1.0, 50.0] + rng.normal(size=centres.shape) * [1.0, 50.0]


def quick(rows: Any, **options: Any) -> StudyResult:
    return study(rows, threads=1, **({"n_experiments": 2, "max_k": 4, "n_init": 3} | options))


def by_mode(fits: Sequence[Fit], least: int) -> dict[str, list[Fit]]:
    found = defaultdict(list)
    for fit in fits:
        if fit.smallest >= least and not fit.degenerate:
            found[fit.covariance].append(fit)
    return found


def bic(fit: Fit) -> float:
    assert fit.bic is not None
    return fit.bic


def test_an_untouched_form_means_what_it_meant() -> None:
    plan = StudyPlan()
    assert (plan.n_experiments, plan.max_k, plan.n_init) == (10, 10, 10)
    assert plan.scale
    assert plan.covariances == SIX_MODES


def test_the_number_of_tasks_is_repeats_times_k_times_modes() -> None:
    fits = quick(three_groups(), n_experiments=2, max_k=3, covariances="diag-tied,full-untied").fits
    assert [(fit.fit, fit.experiment, fit.k, fit.covariance) for fit in fits] == [
        (number, number // 6, number // 2 % 3 + 1, ("diag-tied", "full-untied")[number % 2])
        for number in range(2 * 3 * 2)
    ]


@pytest.mark.parametrize("mode", SIX_MODES)
def test_every_mode_finds_separated_groups(mode: str) -> None:
    found = quick(three_groups(), covariances=mode)
    assert found.best is not None
    assert (found.best["covariance"], found.best["k"], found.best["sizes"]) == (mode, 3, [60, 50, 40])


def test_bic_and_aic_follow_from_the_likelihood_and_the_parameters() -> None:
    rows = three_groups()
    n, d = rows.shape
    for fit in quick(rows).fits:
        assert fit.log_likelihood is not None
        k = int(np.count_nonzero(fit.sizes))  # a cluster that ended without rows has no parameters
        free = k - 1 + k * d + ENTRIES[fit.covariance](k, d)
        assert bic(fit) == pytest.approx(fit.log_likelihood - free / 2 * np.log(n), rel=1e-12)
        assert fit.aic == pytest.approx(fit.log_likelihood - free, rel=1e-12)


def test_the_likelihood_is_that_of_the_labels() -> None:
    rows = three_groups()
    found = quick(rows, covariances="full-untied")
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    total = 0.0
    for cluster in range(1, 4):
        members = scaled[found.labels == cluster]
        logdet = np.linalg.slogdet(np.cov(members.T, bias=True))[1]
        size = len(members)
        # The squared distances of a cluster's own rows add up to size * d.
        total += size * (np.log(size / len(rows)) - np.log(2 * np.pi) - logdet / 2 - 1)
    assert found.best is not None
    assert found.best["log_likelihood"] == pytest.approx(total, rel=1e-9)


def test_columns_are_scaled_by_the_population_deviation() -> None:
    rows = three_groups()
    on, off = (
        quick(rows, scale=scale, covariances="spher-tied").parameters["spher-tied"] for scale in (True, False)
    )
    np.testing.assert_allclose(on.center, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(on.scale, rows.std(axis=0, ddof=0), rtol=1e-12)
    np.testing.assert_array_equal(off.scale, [1.0, 1.0])


def test_the_best_choice_is_the_single_best_fit_of_each_mode() -> None:
    found = quick(three_groups(), n_experiments=3, min_members=5)
    assert set(found.summary["recommended"]) == set(SIX_MODES)
    for mode, fits in by_mode(found.fits, 5).items():
        assert found.summary["recommended"][mode]["bic"] == max(map(bic, fits))
    assert found.best is not None
    assert found.best["bic"] == max(best["bic"] for best in found.summary["recommended"].values())


def test_the_mean_choice_is_the_k_with_the_best_mean() -> None:
    found = quick(three_groups(), n_experiments=3, n_init=1, min_members=5, select="mean")
    for mode, fits in by_mode(found.fits, 5).items():
        means = {k: fmean(bic(fit) for fit in fits if fit.k == k) for k in {fit.k for fit in fits}}
        chosen = found.summary["recommended"][mode]
        assert chosen["k"] == max(means, key=means.__getitem__)
        distance = {fit.fit: abs(bic(fit) - means[fit.k]) for fit in fits if fit.k == chosen["k"]}
        assert distance[chosen["fit"]] == pytest.approx(min(distance.values()), abs=1e-9)


def test_a_cluster_with_exactly_the_least_members_counts() -> None:
    rows = three_groups(sizes=(60, 50, 12))
    enough = quick(rows, min_members=12, covariances="diag-tied").best
    assert enough is not None
    assert (enough["k"], enough["sizes"]) == (3, [60, 50, 12])
    fewer = quick(rows, min_members=13, covariances="diag-tied").best
    assert fewer is None or min(fewer["sizes"]) >= 13


def test_a_mode_without_enough_members_is_not_available() -> None:
    found = quick(three_groups(), min_members=200)
    assert found.best is None
    assert set(found.summary["unavailable"]) == set(SIX_MODES)


def test_one_column_is_enough() -> None:
    found = quick(three_groups()[:, :1], covariances="full-untied", max_k=3)
    assert found.best is not None
    assert sum(found.best["sizes"]) == 150


def test_text_gaps_and_constant_columns_do_no_harm() -> None:
    rows = three_groups()
    first = [None, *rows[1:, 0].tolist()]
    data = {"x": first, "y": rows[:, 1], "site": [1.0] * 150, "kind": ["wet", "dry"] * 75}
    found = quick(data, covariances="diag-tied")
    assert found.summary["columns"] == ["x", "y"]
    assert found.labels[0] == 0
    assert found.best is not None
    assert found.best["sizes"] == [59, 50, 40]
    with pytest.raises(InvalidInput, match="text"):
        quick(data, columns="kind")


@pytest.fixture(scope="module")
def old_way() -> StudyResult:
    return study(four_groups(), n_experiments=1, max_k=4, n_init=10, legacy=True)


@pytest.fixture(scope="module")
def old_sample() -> StudyResult:
    if not NORMAL.is_file():
        pytest.skip("The sample file normal.csv is not here.")
    return study(NORMAL, n_experiments=1, max_k=3, n_init=10, legacy=True)


@pytest.mark.parametrize(("mode", "k"), OLD_SCORES)
def test_the_old_scores_come_out_again(old_way: StudyResult, mode: str, k: int) -> None:
    (fit,) = (fit for fit in old_way.fits if (fit.covariance, fit.k) == (mode, k))
    tolerance = 1e-6 if k == 1 else 1e-3
    assert (fit.log_likelihood, fit.bic, fit.aic) == pytest.approx(OLD_SCORES[mode, k], abs=tolerance)


def test_a_job_and_its_tasks_tell_what_was_tried() -> None:
    found = quick(three_groups(), max_k=2, covariances="diag-tied")
    said = document(found.study, found.fits)
    asked = {"n_experiments": 2, "max_k": 2, "n_init": 3, "scale": True, "columns": ["x1", "x2"]}
    assert asked.items() <= said["plan"].items()
    assert (said["source"]["rows"], said["source"]["columns"]) == (150, ["x1", "x2"])
    assert said["created"].endswith("Z")
    told = [(fit["fit"], fit["k"], fit["covariance"], fit["state"]) for fit in said["fits"]]
    assert told == [(number, number % 2 + 1, "diag-tied", "succeeded") for number in range(4)]
    assert all(fit["seconds"] > 0 for fit in said["fits"])
    assert said["fits"][1]["sizes"] == sorted(said["fits"][1]["sizes"], reverse=True)


def test_columns_that_repeat_each_other_break_no_fit() -> None:
    x = three_groups()[:, 0]
    fits = quick({"x": x, "twice": 2 * x}, max_k=3).fits
    assert {fit.state for fit in fits} == {"succeeded"}
    assert all(np.isfinite(bic(fit)) for fit in fits)


def test_a_cluster_too_small_for_a_shape_of_its_own_breaks_no_fit() -> None:
    rows = three_groups(sizes=(60, 50, 2))
    fits = quick(rows, max_k=4, covariances="full-untied", min_members=5).fits
    assert {fit.state for fit in fits} == {"succeeded"}
    assert all(np.isfinite(bic(fit)) for fit in fits)


def test_the_old_tied_shape_is_the_plain_mean_over_clusters() -> None:
    rows = three_groups(sizes=(90, 40, 20))
    found = quick(rows, covariances="full-tied", max_k=3, legacy=True)
    assert found.best is not None
    assert found.best["sizes"] == [90, 40, 20]
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    groups = [scaled[found.labels == cluster] for cluster in (1, 2, 3)]
    tied = np.mean([np.cov(group.T, bias=True) for group in groups], axis=0)
    total = 0.0
    for group in groups:
        away = group - group.mean(axis=0)
        distances = np.sqrt(np.einsum("ij,jk,ik->i", away, np.linalg.inv(tied), away))
        one = np.log(len(group) / 150) - np.log(2 * np.pi) - np.linalg.slogdet(tied)[1] / 2
        total += len(group) * one - distances.sum() / 2
    assert found.best["log_likelihood"] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize(("mode", "k"), OLD_SCORES_OF_NORMAL)
def test_the_old_scores_of_the_sample_file_come_out_again(old_sample: StudyResult, mode: str, k: int) -> None:
    (fit,) = (fit for fit in old_sample.fits if (fit.covariance, fit.k) == (mode, k))
    tolerance = 1e-6 if k == 1 else 1e-3
    assert (fit.log_likelihood, fit.bic, fit.aic) == pytest.approx(
        OLD_SCORES_OF_NORMAL[mode, k], abs=tolerance
    )
