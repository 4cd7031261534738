"""What figures are made of, from a real study of made-up rows."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from shoal.storage.reading import table_as_read
from shoal.studies.figures.material import Material
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.grid import grid
from shoal.studies.planning.intake import take_in
from shoal.studies.work.fitting import parameters_of, run_fit
from shoal.studies.work.rows import prepare_rows
from shoal.studies.work.summing import sum_up

# Names as files have them: dots, brackets, quotes, markup, and words that mean something to Vega.
HOSTILE = ("a.b", "c[0]", 'it\'s "so"', '<a href="x">y</a>', "image")


def rows(n: int = 120, columns: int = 2, clusters: int = 3, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = 9 * rng.normal(size=(clusters, columns))
    return centres[np.arange(n) % clusters] + rng.normal(size=(n, columns))


def material(values: dict[str, np.ndarray], **options: Any) -> Material:
    """Return the material of a small study over columns."""
    read = table_as_read(pa.table(values))
    wish = {"n_experiments": 2, "max_k": 3, "n_init": 2, "min_members": 2} | options
    intake = take_in(read.columns, read.table, StudyPlan.from_json(wish))
    prepared = prepare_rows(read.table, intake.plan)
    done = [run_fit(prepared, intake.plan, task) for task in grid(intake.plan)]
    kept = {fit.fit: parameters_of(prepared, intake.plan, found) for fit, found in done if found is not None}
    outcome = sum_up(
        prepared, intake.plan, intake.facts, [fit for fit, _ in done], lambda fit: kept[fit.fit], read.table
    )
    certainty = np.zeros(0, np.float32) if outcome.certainty is None else outcome.certainty
    return Material(
        name="made.csv",
        plan=intake.plan,
        summary=outcome.summary,
        table=read.table,
        rows=prepared.matrix.rows,
        labels=outcome.labels,
        certainty=certainty,
        numbers=tuple(column.name for column in read.columns if column.is_number and not column.constant),
    )


@cache
def hostile() -> Material:
    """Return a study whose columns have names that must stay names."""
    values = rows(90, len(HOSTILE))
    return material(dict(zip(HOSTILE, values.T, strict=True)), covariances="full-tied,diag-untied")


@cache
def placed() -> Material:
    """Return a study of rows with places and gaps."""
    values, rng = rows(150), np.random.default_rng(1)
    values[::10, 0] = np.nan
    places = {"Longitude": 14 + rng.normal(size=150), " latitude ": 50 + rng.normal(size=150)}
    return material({"x": values[:, 0], "y": values[:, 1]} | places, columns="x,y")


@cache
def many() -> Material:
    """Return a study with more clusters than colours."""
    values = rows(300, 2, 15, seed=3)
    options = {"max_k": 15, "n_experiments": 1, "covariances": "spher-tied"}
    return material({"x": values[:, 0], "y": values[:, 1]}, **options)


@cache
def single() -> Material:
    """Return a study of one column."""
    return material({"x": rows(80, 1)[:, 0]}, covariances="diag-tied,full-untied")


@cache
def empty() -> Material:
    """Return a study that recommends nothing."""
    values = rows(60)
    return material({"x": values[:, 0], "y": values[:, 1]}, min_members=200, covariances="diag-tied")
