from dataclasses import replace

import pytest

from shoal.base.errors import InvalidInput, TooLarge
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.budget import fit_budget, parse_budget
from shoal.studies.planning.estimate import check_memory, estimate


@pytest.mark.parametrize("change", [{"rows": 20_000}, {"columns": 20}, {"n_init": 50}, {"max_k": 30}])
def test_more_of_anything_costs_more(change: dict[str, int]) -> None:
    def cost(rows: int = 10_000, columns: int = 4, **plan: int) -> float:
        return estimate(replace(StudyPlan(), **plan), rows, columns, 2).seconds  # type: ignore[arg-type]

    assert cost(**change) > 1.2 * cost()


def test_workers_share_the_time_and_add_memory() -> None:
    one, four = (estimate(StudyPlan(), 100_000, 8, workers) for workers in (1, 4))
    assert four.seconds < one.seconds / 2
    assert four.memory > one.memory


def test_a_million_rows_on_two_workers_stay_under_the_promised_memory() -> None:
    assert estimate(StudyPlan(max_k=5), 1_000_000, 8, 2).memory < 1.5e9


def test_the_sentence_names_fits_workers_time_and_memory() -> None:
    text = estimate(StudyPlan(), 3000, 2, 2).sentence()
    assert text.startswith("600 fits on 2 workers, about ")
    assert text.endswith(" MB.")


def test_a_plan_within_the_budget_is_left_alone() -> None:
    assert fit_budget(StudyPlan(), 3600, 3000, 2, 2) == (StudyPlan(), "")


def test_a_budget_takes_restarts_before_repeats_and_says_so() -> None:
    plan = StudyPlan()
    whole = estimate(plan, 200_000, 8, 2).seconds
    some, told = fit_budget(plan, 0.7 * whole, 200_000, 8, 2)
    assert 2 <= some.n_init < 10
    assert some.n_experiments == 10
    assert f"{some.n_init} starts per fit instead of 10" in told
    fewer, told = fit_budget(plan, 0.12 * whole, 200_000, 8, 2)
    assert (fewer.n_init, 3 <= fewer.n_experiments < 10) == (2, True)
    assert estimate(fewer, 200_000, 8, 2).seconds <= 0.12 * whole
    assert "repeats instead of 10" in told


def test_a_budget_that_cannot_be_kept_says_so() -> None:
    plan, told = fit_budget(StudyPlan(), 2, 1_000_000, 8, 1)
    assert (plan.n_init, plan.n_experiments) == (1, 1)
    assert "It will still take about" in told


def test_what_does_not_fit_into_memory_is_refused_in_words() -> None:
    cost = estimate(StudyPlan(), 10_000_000, 20, 2)
    with pytest.raises(TooLarge, match=r"This needs about \d+\.\d GB; 6\.0 GB is free"):
        check_memory(cost, 6e9)
    check_memory(cost, 1e12)


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("60s", 60), ("1.5 min", 90), ("2h", 7200)])
def test_budgets_are_read(text: str, seconds: float) -> None:
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "10 days"])
def test_other_words_are_no_budget(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_budget(text)


def test_wide_rows_cost_what_their_covariances_cost() -> None:
    wide, narrow = (StudyPlan(covariances=names) for names in (("full-untied",), ("diag-untied",)))
    assert estimate(wide, 4, 10_000, 2).memory > 50e9
    assert estimate(wide, 4, 10_000, 2).seconds > 1e6
    assert estimate(narrow, 4, 10_000, 2).memory < 1e9
    plain = estimate(wide, 1000, 4, 2)
    assert plain.seconds < 10
