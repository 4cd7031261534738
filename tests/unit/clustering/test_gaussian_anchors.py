"""The measured rows of the older service: k = 1, and groups so far apart that no search is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from shoal.clustering.gaussians.fitting import Fit, Prepared, fit_mode, prepare
from shoal.clustering.modes import mode_named

DATA = Path(__file__).parents[4] / "shared" / "data"

# data, mode, k, r, LL, BIC, AIC with distances as they are, LL and BIC with their squares
ANCHORS = [
    ("blobs", "full", 1, 9, -17112.834543, -17151.161913, -17121.834543, -20320.994987, -20359.322356),
    ("blobs", "diag", 1, 6, -18050.048995, -18075.600574, -18056.048995, -21284.077998, -21309.629578),
    ("blobs", "spher", 1, 4, -18050.048995, -18067.083381, -18054.048995, -21284.077998, -21301.112384),
    ("blobs", "full-tied", 4, 21, -141.919576, -231.350104, -162.919576, -3648.189968, -3737.620496),
    ("blobs", "full-untied", 4, 39, -134.041999, -300.127266, -173.041999, -3639.942190, -3806.027457),
    ("blobs", "diag-tied", 4, 18, -145.096487, -221.751225, -163.096487, -3651.509543, -3728.164282),
    ("blobs", "diag-untied", 4, 27, -141.126952, -256.109060, -168.126952, -3647.648904, -3762.631012),
    ("blobs", "spher-tied", 4, 16, -804.675713, -872.813259, -820.675713, -4343.663937, -4411.801482),
    ("blobs", "spher-untied", 4, 19, -804.209118, -885.122453, -823.209118, -4343.092416, -4424.005751),
    ("normal", "full", 1, 5, -5558.472006, -5578.487925, -5563.472006, -6620.028300, -6640.044219),
    ("normal", "full-tied", 3, 11, -3274.706455, -3318.741476, -3285.706455, -4388.874906, -4432.909927),
    ("normal", "full-untied", 3, 17, -3272.881239, -3340.935363, -3289.881239, -4386.858980, -4454.913104),
    ("normal", "diag-tied", 3, 10, -3274.743435, -3314.775273, -3284.743435, -4388.925311, -4428.957149),
    ("normal", "diag-untied", 3, 14, -3273.602141, -3329.646714, -3287.602141, -4387.516458, -4443.561031),
]
IDS = [f"{data}-{mode}-{k}" for data, mode, k, *_ in ANCHORS]


@cache
def rows_of(data: str) -> Prepared:
    if data == "blobs":
        rows, _ = make_blobs(n_samples=5000, n_features=3, centers=4, cluster_std=1.0, random_state=7)
        return prepare(rows, scale=True)
    file = DATA / "normal.csv"
    if not file.exists():
        pytest.skip(f"{file} is not here")
    return prepare(np.loadtxt(file, delimiter=",", skiprows=1), scale=True)


def fits(data: str, mode: str, k: int, **how: Any) -> list[Fit]:
    """Return the fit of a mode; with one cluster, tied or not is the same, so both."""
    names = [mode] if "-" in mode else [f"{mode}-tied", f"{mode}-untied"]
    return [fit_mode(rows_of(data), k, *mode_named(name), **how) for name in names]


@pytest.mark.parametrize("assignment", ["likelihood", "distance"])
@pytest.mark.parametrize("anchor", ANCHORS, ids=IDS)
def test_legacy_scores_are_the_older_services(anchor: Any, assignment: Any) -> None:
    data, mode, k, r, likelihood, bic, aic, *_ = anchor
    near = 1e-6 if k == 1 else 1e-3
    for fit in fits(data, mode, k, score="legacy", assignment=assignment):
        assert fit.mode.free_parameters(k, fit.means.shape[1]) == r
        assert (fit.log_likelihood, fit.bic, fit.aic) == pytest.approx((likelihood, bic, aic), abs=near)


@pytest.mark.parametrize("assignment", ["likelihood", "distance"])
@pytest.mark.parametrize("anchor", ANCHORS, ids=IDS)
def test_correct_scores_square_the_distances(anchor: Any, assignment: Any) -> None:
    data, mode, k, r, *_, likelihood, bic = anchor
    near = 1e-6 if k == 1 else 1e-3
    for fit in fits(data, mode, k, assignment=assignment):
        expected = (likelihood, bic, likelihood - r)
        assert (fit.log_likelihood, fit.bic, fit.aic) == pytest.approx(expected, abs=near)


@pytest.mark.parametrize(
    ("file", "mode", "k", "least"),
    [
        ("normal.csv", "spher-tied", 10, -5260.0),
        ("normal.csv", "spher-untied", 10, -5260.0),
        ("Dataset-2.csv", "full-untied", 3, -6405.7),
    ],
)
def test_one_fit_finds_what_is_hard_to_find(file: str, mode: str, k: int, least: float) -> None:
    if not (DATA / file).exists():
        pytest.skip(f"{file} is not here")
    prepared = prepare(np.loadtxt(DATA / file, delimiter=",", skiprows=1), scale=True)
    best = max(fit_mode(prepared, k, *mode_named(mode), seed=s, min_members=30).bic for s in range(3))
    assert best >= least
