"""The table of a study's fits: searched, filtered, sorted, page by page, also those that still wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Connection, RowMapping, select

from shoal.jobs.store import reading
from shoal.server.pages.address import Address, Pages
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


class _Seen(NamedTuple):
    task: FitTask
    state: FitState
    ended: RowMapping | None


def fit_table(conn: Connection, study: Study, query: FitQuery) -> FitTable:
    """Return the page of the table that a query asks for."""
    every = list(_seen(conn, study))
    found = _sorted([one for one in every if _wanted(one, query)], query)
    pages = Pages(query.page, len(found))
    shown = found[pages.offset : pages.offset + pages.size]
    rows = _whole(conn, study, [one.task.id for one in shown if one.ended is not None])
    return FitTable(
        [Row(one.task, one.state, rows.get(one.task.id)) for one in shown], pages, query, len(every)
    )


def one_row(conn: Connection, study: Study, fit: int) -> Row | None:
    """Return one fit, None when the study has none of this id."""
    seen = next((one for one in _seen(conn, study) if one.task.id == fit), None)
    return seen and Row(seen.task, seen.state, _whole(conn, study, [fit]).get(fit))


def _seen(conn: Connection, study: Study) -> Iterable[_Seen]:
    names = ("fit", "generation", "state", "bic", "aic", "seconds", "error")
    query = select(*(fits.c[name] for name in names)).where(fits.c.study == study.id)
    newest = {row["fit"]: row for row in conn.execute(query.order_by(fits.c.generation)).mappings()}
    waits = _waiting(conn, study)
    rest: FitState = "queued" if study.state == StudyState.running else "cancelled"
    for task in grid(study.plan):
        row = newest.get(task.id)
        if task.id in waits and (row is None or row["generation"] < study.generation):
            yield _Seen(task, waits[task.id], row)
        else:
            yield _Seen(task, row["state"] if row else rest, row)


def _waiting(conn: Connection, study: Study) -> dict[int, FitState]:
    """Return the fits that the present run has still to make."""
    if study.state != StudyState.running:
        return {}
    made = stored.jobs_of(conn, study)
    states = reading.states(conn, list(made))
    return {
        fit: "running" if states.get(job) in AT_WORK else "queued" for job, ids in made.items() for fit in ids
    }


def _wanted(one: _Seen, query: FitQuery) -> bool:
    if query.state and one.state != query.state:
        return False
    if query.shape and one.task.covariance != query.shape:
        return False
    return _matches(one, query.q.strip().lower())


def _matches(one: _Seen, text: str) -> bool:
    if not text:
        return True
    if text.isascii() and text.isdecimal():
        return one.task.id == int(text)
    if clusters := re.fullmatch(r"k\s*=\s*(\d{1,6})", text, re.ASCII):
        return one.task.k == int(clusters[1])
    return one.ended is not None and text in one.ended["error"].lower()


def _sorted(found: list[_Seen], query: FitQuery) -> list[_Seen]:
    """Sort stably by a value; fits without one come last, whichever the direction."""
    value = _value_of(query.sort)
    known = [one for one in found if value(one) is not None]
    descending = (query.order or FIRST[query.sort]) == "desc"
    known.sort(key=lambda one: value(one) or 0.0, reverse=descending)
    return known + [one for one in found if value(one) is None]


def _value_of(sort: Sort) -> Callable[[_Seen], float | None]:
    if sort in ("fit", "k"):
        return lambda one: one.task.id if sort == "fit" else one.task.k
    return lambda one: one.ended[sort] if one.ended is not None else None


def _whole(conn: Connection, study: Study, ids: Sequence[int]) -> dict[int, Fit]:
    query = select(fits).where(fits.c.study == study.id, fits.c.fit.in_(ids)).order_by(fits.c.generation)
    return {row["fit"]: Fit.from_json(dict(row)) for row in conn.execute(query).mappings()}
