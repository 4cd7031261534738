from typing import Any

import numpy as np
import pytest

from shoal.clustering.modes import MODE_NAMES
from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.results.scoring import best_by_k, candidates, choose, nearest_miss, score_cells

PLAN = StudyPlan(max_k=3, n_experiments=4, covariances=("full-tied", "diag-tied"), min_members=10)


def fit(number: int, k: int, bic: float, smallest: int = 20, **changes: Any) -> Fit:
    sizes = (100, *[smallest] * (k - 1)) if k > 1 else (100,)
    usual: dict[str, Any] = {"experiment": 0, "covariance": "full-tied", "sizes": sizes}
    scores = {"bic": bic, "aic": bic + 1, "icl": bic - 1, "log_likelihood": bic + 5}
    return Fit(fit=number, k=k, **usual | scores | changes)


def test_failed_fits_are_no_candidates() -> None:
    failed = Fit(1, 0, 2, "full-tied", state="failed", error="why")
    assert [one.fit.fit for one in candidates([fit(0, 1, -5.0), failed])] == [0]


def test_a_fit_with_an_empty_cluster_has_none_to_speak_of() -> None:
    assert fit(0, 3, -1.0).smallest == 20
    assert fit(0, 3, -1.0, sizes=(90, 10)).smallest == 0


def test_the_smallest_cluster_may_be_just_as_large_as_asked() -> None:
    for smallest, k in ((10, 2), (9, 1)):
        chosen = choose(candidates([fit(0, 1, -9.0), fit(1, 2, -5.0, smallest)]), PLAN)
        assert chosen.best is not None
        assert chosen.best.k == k


def test_cells_hold_means_over_repeats_inside_their_interval() -> None:
    bics = [-5.0, -6.0, -7.0, -8.0]
    fits = [fit(place, 2, bic, experiment=place) for place, bic in enumerate(bics)]
    (cell,) = score_cells(candidates(fits), PLAN)["full-tied"]
    assert (cell["k"], cell["fits"], cell["passing"], cell["best_bic"]) == (2, 4, 4, -5.0)
    assert cell["bic"] == pytest.approx(np.mean(bics))
    assert -8.0 <= cell["bic_low"] < cell["bic"] < cell["bic_high"] <= -5.0
    assert cell["aic_high"] - cell["bic_high"] == pytest.approx(1.0)


def test_equal_repeats_have_an_interval_of_no_width() -> None:
    fits = [fit(place, 1, -3.5, experiment=place) for place in range(4)]
    (cell,) = score_cells(candidates(fits), PLAN)["full-tied"]
    assert cell["bic_low"] == cell["bic_high"] == -3.5


def test_cells_count_what_may_be_recommended_and_else_everything() -> None:
    fits = [fit(0, 2, -1.0, 3), fit(1, 2, -9.0), fit(2, 3, -2.0, 3)]
    two, three = score_cells(candidates(fits), PLAN)["full-tied"]
    assert (two["bic"], two["passing"], two["fits"]) == (-9.0, 1, 2)
    assert (three["bic"], three["passing"], three["fits"]) == (-2.0, 0, 1)


def test_the_curve_is_the_best_of_all_modes_with_gaps_where_nothing_passes() -> None:
    fits = [fit(0, 1, -9.0), fit(1, 1, -8.0, covariance="diag-tied"), fit(2, 2, -1.0, 3), fit(3, 3, -7.0)]
    assert best_by_k(candidates(fits), PLAN) == [-8.0, None, -7.0]


def test_the_nearest_miss_ignores_degenerate_fits() -> None:
    fits = [fit(0, 2, -1.0, 3), fit(1, 2, -1.0, 7), fit(2, 2, -1.0, 9, degenerate=True)]
    assert nearest_miss(candidates(fits), PLAN) == {"full-tied": 7, "diag-tied": 0}


def test_modes_stand_in_their_own_order_whatever_came_first() -> None:
    fits = [fit(place, 1, -1.0, covariance=mode) for place, mode in enumerate(reversed(MODE_NAMES))]
    assert list(score_cells(candidates(fits), StudyPlan())) == list(MODE_NAMES)
