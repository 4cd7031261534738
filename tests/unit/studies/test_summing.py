from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shoal.base.errors import InvalidInput
from shoal.storage.reading import table_as_read
from shoal.studies.notebook import study
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.grid import FitTask, grid
from shoal.studies.planning.intake import rows_with_gaps, take_in
from shoal.studies.results.parameters import Parameters
from shoal.studies.results.profiles import certainty_of, profiles, whole_spreads
from shoal.studies.results.scoring import as_best
from shoal.studies.results.stability import stability
from shoal.studies.work.fitting import fit_of, parameters_of, run_fit
from shoal.studies.work.rows import StudyRows, prepare_rows
from shoal.studies.work.summing import open_fit, sum_up

SMALL: dict[str, Any] = {"n_experiments": 2, "max_k": 4, "n_init": 2}


def blobs(spread: float = 1.0, rows: int = 150, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0.0], [9.0, 1.0], [3.0, 8.0]])
    return centres[np.arange(rows) % 3] + spread * rng.normal(size=(rows, 2))


def ready(values: np.ndarray, **options: Any) -> tuple[StudyRows, StudyPlan]:
    plan = StudyPlan(columns=("x", "y"), **SMALL | options).for_rows(len(values))
    return prepare_rows(pa.table({"x": values[:, 0], "y": values[:, 1]}), plan), plan


def test_labels_from_parameters_are_those_of_the_fit() -> None:
    rows, plan = ready(blobs(spread=2.5))
    for task in grid(plan):
        fit, found = run_fit(rows, plan, task)
        assert found is not None
        kept = parameters_of(rows, plan, found)
        opened = open_fit(rows, plan, fit, {fit: kept}.__getitem__)
        assert (opened.labels == found.labels).mean() > 0.99
        assert tuple(np.bincount(opened.labels)) == fit.sizes


def test_a_fit_whose_parameters_say_otherwise_is_run_again() -> None:
    rows, plan = ready(blobs())
    fit, found = run_fit(rows, plan, FitTask(0, 0, 3, "full-tied"))
    assert found is not None
    wrong = replace(parameters_of(rows, plan, found), means=np.zeros((3, 2)))
    opened = open_fit(rows, plan, fit, lambda _: wrong)
    np.testing.assert_array_equal(opened.labels, found.labels)


def test_a_fit_that_cannot_be_says_why() -> None:
    rows, plan = ready(np.repeat(blobs(rows=3), 10, axis=0))
    fit, found = run_fit(rows, plan, FitTask(5, 1, 4, "diag-tied"))
    assert (fit.state, fit.fit, fit.experiment, found) == ("failed", 5, 1, None)
    assert "3 distinct rows cannot form 4 clusters" in fit.error


def test_the_older_way_is_summed_up_too() -> None:
    rows, plan = ready(blobs(), assignment="distance", score="legacy")
    done = [run_fit(rows, plan, task) for task in grid(plan)]
    kept = {fit.fit: parameters_of(rows, plan, found) for fit, found in done if found is not None}
    fits = [fit for fit, _ in done]
    facts = take_in(*_table(blobs()), StudyPlan()).facts
    outcome = sum_up(rows, plan, facts, fits, lambda fit: kept[fit.fit])
    assert outcome.summary["best"] is not None
    assert outcome.summary["best"]["k"] == 3
    assert "legacy-score" in {note["code"] for note in outcome.summary["notes"]}


def test_firm_groups_are_stable_and_noise_is_not() -> None:
    found = []
    for values in (blobs(), np.random.default_rng(1).uniform(size=(150, 2))):
        rows, plan = ready(values)
        fit, made = run_fit(rows, plan, FitTask(0, 0, 3, "full-untied"))
        assert made is not None
        result = stability(values, made.labels, as_best(fit), plan)
        assert result is not None
        assert (len(result["values"]), result["rows"]) == (20, 150)
        assert result["low"] == min(result["values"]) <= result["mean"] <= 1
        found.append(result["mean"])
    assert found[0] > 0.95 > found[1]


def test_one_group_cannot_be_unstable() -> None:
    rows, plan = ready(blobs())
    fit, made = run_fit(rows, plan, FitTask(0, 0, 1, "full-tied"))
    assert made is not None
    assert stability(rows.matrix.values, made.labels, as_best(fit), plan) is None


def test_stability_is_a_function_of_rows_and_seed() -> None:
    rows, plan = ready(blobs(spread=3.0))
    made = fit_of(rows, plan, 0, 4, "diag-untied")
    fit, _ = run_fit(rows, plan, FitTask(0, 0, 4, "diag-untied"))
    one, two = (stability(rows.matrix.values, made.labels, as_best(fit), plan) for _ in range(2))
    assert one == two


def test_profiles_measure_each_cluster_against_the_whole() -> None:
    values = np.array([[1.0, 5.0], [3.0, 5.0], [8.0, 5.0], [12.0, 5.0]])
    whole = whole_spreads(values, ["a", "same"])
    one, two = profiles(values, np.array([0, 0, 1, 1], np.int32), 2, whole)
    assert (one["cluster"], one["size"], one["share"]) == (1, 2, 0.5)
    assert one["columns"]["a"]["mean"] == 2.0
    assert two["columns"]["a"]["sd"] == 2.0
    assert one["columns"]["a"]["gap"] == pytest.approx((2.0 - 6.0) / values[:, 0].std())
    assert one["columns"]["same"]["gap"] == 0.0


def test_certainty_counts_every_row_and_those_between() -> None:
    found = certainty_of(np.array([1.0, 0.95, 0.79, 0.5]))
    assert (sum(found["histogram"]), found["between"]) == (4, 2)
    assert found["mean"] == pytest.approx(0.81)


def _table(values: np.ndarray) -> tuple[Any, Any]:
    read = table_as_read(pa.table({"x": values[:, 0], "y": values[:, 1]}))
    return read.columns, read.table


def test_rows_with_gaps_are_counted_once_each() -> None:
    table = pa.table({"a": [1.0, None, 3.0, None], "b": [1.0, None, float("inf"), 4.0], "c": [1, 2, 3, 4]})
    read = table_as_read(table)
    assert rows_with_gaps(read.table, read.columns) == 3


def test_gaps_are_dropped_or_filled_and_told() -> None:
    read = table_as_read(pa.table({"a": [1.0, 2.0, None, 4.5], "b": [1.5, 9.0, 3.0, 4.0]}))
    dropped = take_in(read.columns, read.table, StudyPlan()).facts
    filled = take_in(read.columns, read.table, StudyPlan(missing="impute")).facts
    assert (dropped["rows"], dropped["dropped"], dropped["filled"]) == (3, 1, 0)
    assert (filled["rows"], filled["dropped"], filled["filled"]) == (4, 0, 1)


def test_no_row_without_gaps_says_what_to_do() -> None:
    read = table_as_read(pa.table({"a": [1.0, 2.0, None, None], "b": [None, None, 3.0, 4.0]}))
    with pytest.raises(InvalidInput, match="--missing impute"):
        take_in(read.columns, read.table, StudyPlan())


@pytest.mark.parametrize(("rows", "told"), [(1, "There is only 1 row"), (0, "no rows")])
def test_one_row_or_none_cannot_be_grouped(rows: int, told: str) -> None:
    read = table_as_read(pa.table({"a": [1.0, 2.0]}))
    with pytest.raises(InvalidInput, match=told):
        take_in(read.columns, read.table.slice(0, rows), StudyPlan())


def test_different_rows_bound_the_number_of_clusters() -> None:
    table = pa.table({"a": [1, 1, 2, 2, 2, None] * 9, "b": [5.0, 6.5, 5.0, 5.0, 5.0, 5.0] * 9})
    read = table_as_read(table)
    intake = take_in(read.columns, read.table, StudyPlan())
    assert (intake.plan.max_k, intake.facts["distinct"], intake.facts["rows"]) == (3, 3, 45)
    assert take_in(read.columns, read.table, StudyPlan(max_k=2)).plan.max_k == 2


def test_the_library_takes_arrays_mappings_tables_and_one_column() -> None:
    values = blobs()
    same = [
        values,
        {"x1": values[:, 0], "x2": values[:, 1]},
        pa.table({"x1": values[:, 0], "x2": values[:, 1]}),
    ]
    results = [study(data, **SMALL) for data in same]
    assert len({result.best and result.best["bic"] for result in results}) == 1
    one = study(values[:, 0], covariances="diag-untied", **SMALL)
    assert one.summary["columns"] == ["x1"]


def test_the_library_says_what_it_found() -> None:
    values = blobs()
    values[4, 1] = np.nan
    result = study(values, **SMALL)
    assert result.best is not None
    assert result.best["k"] == 3
    assert result.answer.startswith("Your data falls into 3 groups (clusters) of 50, 50 and 49 rows.")
    assert (result.labels[4], set(result.labels)) == (0, {0, 1, 2, 3})
    assert (result.certainty >= 0.9).sum() > 140
    assert len(result.table) == 48
    clean = np.delete(values, 4, axis=0)
    np.testing.assert_array_equal(result.predict(clean), np.delete(result.labels, 4))
    assert "3 groups (clusters)" in result._repr_html_()
    assert "3 groups (clusters)" in repr(result)
    assert "<!doctype html>" in result.report()


def test_a_data_frame_is_read_and_predicted_by_its_names() -> None:
    pandas = pytest.importorskip("pandas")
    values = blobs()
    frame = pandas.DataFrame({"name": ["p"] * len(values), "b": values[:, 1], "a": values[:, 0]})
    result = study(frame, **SMALL)
    assert result.summary["columns"] == ["b", "a"]
    np.testing.assert_array_equal(result.predict(frame[["a", "b"]]), result.labels)


def test_threads_change_no_number() -> None:
    one, three = (study(blobs(spread=2.0), threads=threads, **SMALL) for threads in (1, 3))
    assert [(fit.bic, fit.icl, fit.sizes) for fit in one.fits] == [
        (fit.bic, fit.icl, fit.sizes) for fit in three.fits
    ]
    assert one.summary == three.summary


@pytest.mark.parametrize("data", ["not-there.csv", np.array([["a"]]), np.zeros((0, 2))])
def test_what_is_no_table_of_numbers_is_refused(data: Any) -> None:
    with pytest.raises(InvalidInput):
        study(data)


def test_without_a_recommended_fit_nothing_can_be_predicted() -> None:
    result = study(blobs(), min_members=1000, **SMALL)
    assert result.best is None
    assert set(result.labels) == {0}
    assert result.answer.startswith("No fit has all clusters at 1000 rows or more.")
    with pytest.raises(InvalidInput):
        result.predict(blobs())


def test_parameters_are_in_the_space_of_the_rows(tmp_path: Any) -> None:
    rows, plan = ready(blobs() * [1000.0, 0.001], scale=False)
    made = fit_of(rows, plan, 0, 3, "full-untied")
    kept: Parameters = parameters_of(rows, plan, made)
    np.testing.assert_array_equal(kept.assign(rows.matrix.values)[0], made.labels)
