"""A study as a library call: the same grid, seeds and numbers as a durable one, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from shoal.base import clock
from shoal.base.errors import InvalidInput
from shoal.clustering.gaussians.fitting import Fit as EngineFit
from shoal.storage.options import ReadOptions
from shoal.storage.reading import TableRead, read_table, table_as_read
from shoal.studies.model import Fit, Source, Study, StudyState
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.grid import grid
from shoal.studies.planning.intake import Intake, take_in
from shoal.studies.planning.presets import plan_of
from shoal.studies.results.parameters import Parameters
from shoal.studies.summary import Best, Summary
from shoal.studies.telling.answer import answer
from shoal.studies.telling.document import document
from shoal.studies.telling.fragment import render_fragment
from shoal.studies.telling.report import render_report
from shoal.studies.telling.terminal import Look, result
from shoal.studies.work.fitting import parameters_of, run_fit
from shoal.studies.work.rows import StudyRows, prepare_rows
from shoal.studies.work.summing import Outcome, sum_up


@dataclass(frozen=True, eq=False, repr=False)
class StudyResult:
    """Hold what a study found.

    `labels` (n,) are cluster numbers from 1 for every row of the data, 0 for rows left out; `certainty` (n,)
    is how sure each is. `fits` are all fits with their scores: higher is better.
    """

    study: Study
    fits: tuple[Fit, ...]
    labels: NDArray[np.int32]
    certainty: NDArray[np.float32]
    parameters: Mapping[str, Parameters] = field(repr=False)
    album: Callable[[], dict[str, Any]] = field(repr=False)

    @property
    def summary(self) -> Summary:
        """Return everything that reports show."""
        if self.study.summary is None:
            raise InvalidInput("The study has no summary.")
        return self.study.summary

    @property
    def best(self) -> Best | None:
        """Return the recommended fit; None when no fit qualifies."""
        return self.summary["best"]

    @property
    def answer(self) -> str:
        """Return the answer in a sentence or two."""
        return answer(self.summary).text

    @property
    def table(self) -> list[dict[str, Any]]:
        """Return every fit as a row; `pandas.DataFrame(result.table)` makes a frame of it."""
        return [fit.as_json() for fit in self.fits]

    def predict(self, rows: Any) -> NDArray[np.int32]:
        """Return the cluster (from 1) of other rows (m, d): an array, or a data frame with the same columns.

        Raises:
            InvalidInput: there is no recommended fit, or a column is missing.
        """
        best = self.best
        if best is None:
            raise InvalidInput("No fit is recommended, so there are no clusters.", hint="See .answer")
        columns = list(self.summary["columns"])
        values = np.asarray(rows[columns] if hasattr(rows, "columns") else rows, np.float64)
        return self.parameters[best["covariance"]].assign(values.reshape(-1, len(columns)))[0] + 1

    def report(self) -> str:
        """Return the report as one HTML page; its figures are drawn now, in about two seconds."""
        return render_report(self.study, document(self.study, self.fits), self.album())

    def __repr__(self) -> str:
        return "\n".join(result(self.study, Look()))

    def _repr_html_(self) -> str:
        return render_fragment(self.summary)


def study(
    data: Any, *, threads: int | None = None, delimiter: str | None = None, **options: Any
) -> StudyResult:
    """Find how many clusters rows have.

    Args:
        data: a path, a data frame, an array (n, d), a mapping of columns, or a `pyarrow.Table`.
        threads: how many fits run at once; None takes every processor. It changes no number.
        delimiter: of a text file; None finds it.
        options: fields of `shoal.studies.plan.StudyPlan`, `preset` or `legacy`.

    Raises:
        InvalidInput: the data or an option cannot be used.
    """
    plan, started = plan_of(options), clock.now()
    name, read = _read(data, delimiter)
    intake = take_in(read.columns, read.table, plan)
    rows = prepare_rows(read.table, intake.plan)
    fits, parameters = _run(rows, intake.plan, threads or len(os.sched_getaffinity(0)))
    outcome = sum_up(rows, intake.plan, intake.facts, fits, lambda fit: parameters[fit.fit], read.table)
    made = _as_study(name, read, intake, outcome, started)
    return _result(made, fits, rows, outcome, read.table)


def _read(data: Any, delimiter: str | None) -> tuple[str, TableRead]:
    if isinstance(data, str | Path):
        return Path(data).name, read_table(Path(data), options=ReadOptions(delimiter=delimiter))
    return "data", table_as_read(_as_table(data))


def _as_table(data: Any) -> pa.Table:
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, Mapping):
        return pa.table(dict(data))
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return pa.Table.from_pandas(data, preserve_index=False)
    values = np.asarray(data)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.dtype.kind not in "iufb":
        raise InvalidInput("The data is no table of numbers.", hint="Give rows by columns, or a data frame.")
    return pa.table(
        {f"x{place + 1}": np.ascontiguousarray(values[:, place]) for place in range(values.shape[1])}
    )


def _run(rows: StudyRows, plan: StudyPlan, threads: int) -> tuple[list[Fit], dict[int, Parameters]]:
    """Run every fit; the kernels let go of the interpreter's lock, so threads share the work."""
    tasks = grid(plan)
    with ThreadPoolExecutor(threads) as pool:
        done: Sequence[tuple[Fit, EngineFit | None]] = list(
            pool.map(lambda task: run_fit(rows, plan, task), tasks)
        )
    parameters = {fit.fit: parameters_of(rows, plan, found) for fit, found in done if found is not None}
    return [fit for fit, _ in done], parameters


def _as_study(name: str, read: TableRead, intake: Intake, outcome: Outcome, started: int) -> Study:
    columns = [column.name for column in read.columns]
    source = Source(
        id="",
        version=1,
        name=name,
        rows=read.table.num_rows,
        columns=columns,
        sha256="",
        table_sha256="",
        key="",
    )
    return Study(
        id="",
        name=name,
        owner="",
        dataset="",
        dataset_version=1,
        source=source,
        plan=intake.plan,
        facts=intake.facts,
        state=StudyState.succeeded,
        generation=1,
        created=started,
        started=started,
        finished=clock.now(),
        error="",
        summary=outcome.summary,
        artifact="",
    )


def _result(made: Study, fits: list[Fit], rows: StudyRows, outcome: Outcome, table: pa.Table) -> StudyResult:
    total = made.source["rows"]
    labels, certainty = np.zeros(total, np.int32), np.zeros(total, np.float32)
    if (best := outcome.summary["best"]) is not None and outcome.certainty is not None:
        labels[rows.matrix.rows] = outcome.labels[best["covariance"]] + 1
        certainty[rows.matrix.rows] = outcome.certainty
    drawn = cache(lambda: _album(made, rows, outcome, table))
    return StudyResult(made, tuple(fits), labels, certainty, outcome.parameters, drawn)


def _album(made: Study, rows: StudyRows, outcome: Outcome, table: pa.Table) -> dict[str, Any]:
    """Return the figures, drawn in this process as a worker would draw them."""
    from shoal.studies.figures.album import album
    from shoal.studies.figures.material import Material
    from shoal.studies.figures.rendering import Renderer

    columns = table_as_read(table).columns
    material = Material(
        name=made.name,
        plan=made.plan,
        summary=outcome.summary,
        table=table,
        rows=rows.matrix.rows,
        labels=outcome.labels,
        certainty=np.zeros(0, np.float32) if outcome.certainty is None else outcome.certainty,
        numbers=tuple(column.name for column in columns if column.is_number and not column.constant),
    )
    with Renderer() as renderer:
        found: dict[str, Any] = orjson.loads(album(material, renderer))
    return found
