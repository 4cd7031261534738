"""The table of a study's fits: searched, filtered, sorted, page by page, also those that still wait."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Connection, select

from shoal.jobs.store import reading
from shoal.server.pages.address import SIZE, Address, Pages
from shoal.server.pages.study.standing import AT_WORK
from shoal.studies.model import Fit, Study, StudyState
from shoal.studies.planning.grid import FitTask, grid
from shoal.studies.store import stored
from shoal.studies.store.tables import fits

FitState = Literal["succeeded", "failed", "running", "queued", "cancelled"]
Sort = Literal["fit", "k", "bic", "aic", "seconds"]
STATES: tuple[FitState, ...] = get_args(FitState)
SORTS: tuple[Sort, ...] = get_args(Sort)
# Which way a column is sorted first: the best score, else the smallest.
FIRST: Mapping[Sort, str] = {"fit": "asc", "k": "asc", "bic": "desc", "aic": "desc", "seconds": "desc"}
CLUSTERS = re.compile(r"k\s*=\s*(\d{1,6})", re.ASCII)
DEFAULTS = {"sort": "fit"}


@dataclass(frozen=True)
class FitQuery:
    """Say which fits are wanted, in what order; the empty text means any."""

    q: str = ""
    state: str = ""
    shape: str = ""
    sort: Sort = "fit"
    order: str = ""
    page: int = 1

    @property
    def text(self) -> str:
        """Return what is searched, as it is compared."""
        return self.q.strip().lower()

    @property
    def words(self) -> str:
        """Return the words of an error that are searched; empty for an id or a number of clusters."""
        text = self.text
        return "" if (text.isascii() and text.isdecimal()) or CLUSTERS.fullmatch(text) else text

    @property
    def needs_results(self) -> bool:
        """Say whether the results of all fits have to be looked at."""
        return bool(self.state or self.words) or self.sort not in ("fit", "k")

    @property
    def descending(self) -> bool:
        """Say whether the largest comes first."""
        return (self.order or FIRST[self.sort]) == "desc"

    def address(self, path: str) -> Address:
        """Return the list's address."""
        query = {
            "q": self.q,
            "state": self.state,
            "shape": self.shape,
            "sort": self.sort,
            "order": self.order,
        }
        return Address(path, query, DEFAULTS)


class Row(NamedTuple):
    """One fit: `fit` is None while it has no result; `state` is that of its newest run."""

    task: FitTask
    state: FitState
    fit: Fit | None


class FitTable(NamedTuple):
    """One page of the table."""

    rows: list[Row]
    pages: Pages
    query: FitQuery
    all: int


def fit_table(conn: Connection, study: Study, query: FitQuery) -> FitTable:
    """Return the page of the table that a query asks for."""
    every = grid(study.plan)
    found = [task for task in every if _fits_task(task, query)]
    pages = Pages(query.page, len(found))
    part = slice(pages.offset, pages.offset + pages.size)
    if query.needs_results:
        rows = _sorted([row for row in _rows(conn, study, found) if _fits_row(row, query)], query)
        pages = Pages(query.page, len(rows))
        return FitTable(rows[part], pages, query, len(every))
    found.sort(key=lambda task: getattr(task, "id" if query.sort == "fit" else "k"), reverse=query.descending)
    return FitTable(_rows(conn, study, found[part]), pages, query, len(every))


def one_row(conn: Connection, study: Study, fit: int) -> Row | None:
    """Return one fit, None when the study has none of this id."""
    tasks = [task for task in grid(study.plan) if task.id == fit]
    return _rows(conn, study, tasks)[0] if tasks else None


def _rows(conn: Connection, study: Study, tasks: Sequence[FitTask]) -> list[Row]:
    ended, waits = _newest(conn, study, tasks), _waiting(conn, study)
    rest: FitState = "queued" if study.state == StudyState.running else "cancelled"

    def row(task: FitTask) -> Row:
        generation, fit = ended.get(task.id, (0, None))
        if task.id in waits and generation < study.generation:
            return Row(task, waits[task.id], fit)
        return Row(task, "failed" if fit and fit.state == "failed" else "succeeded" if fit else rest, fit)

    return [row(task) for task in tasks]


def _newest(conn: Connection, study: Study, tasks: Sequence[FitTask]) -> dict[int, tuple[int, Fit]]:
    """Return the newest run of each fit that has ended, with its generation."""
    query = select(fits).where(fits.c.study == study.id).order_by(fits.c.generation)
    if len(tasks) <= SIZE:
        query = query.where(fits.c.fit.in_([task.id for task in tasks]))
    rows = conn.execute(query).mappings()
    return {row["fit"]: (row["generation"], Fit.from_json(dict(row))) for row in rows}


def _waiting(conn: Connection, study: Study) -> dict[int, FitState]:
    """Return the fits that the present run makes."""
    if study.state != StudyState.running:
        return {}
    made = stored.jobs_of(conn, study)
    states = reading.states(conn, list(made))
    return {
        fit: "running" if states.get(job) in AT_WORK else "queued" for job, ids in made.items() for fit in ids
    }


def _fits_task(task: FitTask, query: FitQuery) -> bool:
    if query.shape and task.covariance != query.shape:
        return False
    text = query.text
    if text.isascii() and text.isdecimal():
        return task.id == int(text)
    clusters = CLUSTERS.fullmatch(text)
    return clusters is None or task.k == int(clusters[1])


def _fits_row(row: Row, query: FitQuery) -> bool:
    if query.state and row.state != query.state:
        return False
    return not query.words or (row.fit is not None and query.words in row.fit.error.lower())


def _sorted(rows: list[Row], query: FitQuery) -> list[Row]:
    """Sort stably by a value; fits without one come last, whichever the direction."""

    def value(row: Row) -> float | None:
        if query.sort in ("fit", "k"):
            return row.task.id if query.sort == "fit" else row.task.k
        return getattr(row.fit, query.sort) if row.fit is not None else None

    known = [row for row in rows if value(row) is not None]
    known.sort(key=lambda row: value(row) or 0.0, reverse=query.descending)
    return known + [row for row in rows if value(row) is None]
