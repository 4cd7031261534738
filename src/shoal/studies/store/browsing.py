"""Looking through many studies and their fits: searched, filtered, sorted, part by part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select

from shoal.base.errors import NotFound
from shoal.jobs.states import ENDS
from shoal.jobs.store.tables import jobs
from shoal.studies.model import Fit, Study, StudyState
from shoal.studies.store.ordering import Order
from shoal.studies.store.stored import settled_studies
from shoal.studies.store.tables import fits, studies, study_jobs

Direction = Literal["asc", "desc"]
StudySort = Literal["created", "started", "finished", "name"]
FitSort = Literal["created", "fit", "k", "bic", "aic", "icl", "log_likelihood", "seconds"]
FitState = Literal["succeeded", "failed"]
_ASCENDING = ("name", "fit", "k", "seconds")
# Enough to run them again by hand; all of them are in the list of fits.
MOST_IDS = 1000


@dataclass(frozen=True, slots=True)
class StudyFilter:
    """Say which studies are wanted; None and the empty text mean any."""

    owner: str | None = None
    text: str = ""
    states: Collection[StudyState] | None = None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class FitFilter:
    """Say which fits are wanted; None means any."""

    owner: str | None = None
    study: str | None = None
    state: FitState | None = None
    covariances: Collection[str] | None = None
    clusters: Collection[int] | None = None


class Found(NamedTuple):
    """A fit in a list over studies, and its place there."""

    study: str
    study_name: str
    fit: Fit
    place: tuple[Any, ...]


class Failure(NamedTuple):
    """One reason why fits failed: how often, and the ids of the first of them."""

    text: str
    times: int
    fits: list[int]


def find_studies(
    conn: Connection,
    wanted: StudyFilter,
    *,
    sort: StudySort = "created",
    order: Direction | None = None,
    after: Sequence[Any] | None = None,
    limit: int = 100,
) -> list[Study]:
    """Return studies that fit the filter; by default the newest first, and names from A.

    `after` is the place of the last one of the part before: the value sorted by, and the id.
    """
    query = studies_like(wanted)
    by = Order(studies.c[sort], _descending(sort, order), (studies.c.id,))
    return settled_studies(conn, by.part(query, after, limit))


def studies_like(wanted: StudyFilter) -> Select[Any]:
    """Return the query for studies that fit a filter."""
    query = select(studies)
    if wanted.owner is not None:
        query = query.where(studies.c.owner == wanted.owner)
    if wanted.text:
        named = studies.c.name.icontains(wanted.text, autoescape=True)
        query = query.where(named | studies.c.id.startswith(wanted.text.lower(), autoescape=True))
    if wanted.states is not None:
        query = query.where(or_(*(_is(state) for state in wanted.states)))
    if wanted.dataset is not None:
        query = query.where(studies.c.dataset == wanted.dataset)
    return query


def find_fits(
    conn: Connection,
    wanted: FitFilter,
    *,
    sort: FitSort = "created",
    order: Direction | None = None,
    after: Sequence[Any] | None = None,
    limit: int = 100,
) -> list[Found]:
    """Return the newest run of fits that fit the filter; by default of the newest studies, then by id.

    Scores are sorted the best first, `fit`, `k` and `seconds` the smallest.
    """
    column = studies.c.created if sort == "created" else fits.c[sort]
    by = Order(column, _descending(sort, order), (fits.c.study, fits.c.fit))
    query = _wanted(wanted).add_columns(studies.c.name.label("study_name"), column.label("_sorted_by"))
    rows = conn.execute(by.part(query, after, limit)).mappings()
    return [
        Found(
            row["study"],
            row["study_name"],
            Fit.from_json(dict(row)),
            (row["_sorted_by"], row["study"], row["fit"]),
        )
        for row in rows
    ]


def get_fit(conn: Connection, study: Study, fit: int) -> Fit:
    """Return the newest run of one fit; raises NotFound when it has not ended or is none of the study's."""
    here = (fits.c.study == study.id) & (fits.c.fit == fit)
    row = (
        conn.execute(select(fits).where(here).order_by(fits.c.generation.desc()).limit(1)).mappings().first()
    )
    if row is None:
        raise NotFound(f"The study {study.id} has no result of a fit {fit}.", fit=fit)
    return Fit.from_json(dict(row))


def failures(conn: Connection, study: str) -> list[Failure]:
    """Return why fits of a study failed, the most frequent reason first."""
    query = select(fits.c.error, fits.c.fit).where(fits.c.study == study, fits.c.state == "failed", _newest())
    by_text: dict[str, list[int]] = {}
    for text, fit in conn.execute(query.order_by(fits.c.fit)):
        by_text.setdefault(text, []).append(fit)
    found = [Failure(text, len(ids), ids[:MOST_IDS]) for text, ids in by_text.items()]
    return sorted(found, key=lambda failure: (-failure.times, failure.text))


def _wanted(wanted: FitFilter) -> Select[Any]:
    query = select(fits).join(studies, studies.c.id == fits.c.study).where(_newest())
    if wanted.owner is not None:
        query = query.where(studies.c.owner == wanted.owner)
    if wanted.study is not None:
        query = query.where(fits.c.study == wanted.study)
    if wanted.state is not None:
        query = query.where(fits.c.state == wanted.state)
    if wanted.covariances is not None:
        query = query.where(fits.c.covariance.in_(list(wanted.covariances)))
    if wanted.clusters is not None:
        query = query.where(fits.c.k.in_(list(wanted.clusters)))
    return query


def _newest() -> ColumnElement[bool]:
    """Return the condition that no later generation ran the same fit."""
    later = fits.alias()
    same = (later.c.study == fits.c.study) & (later.c.fit == fits.c.fit)
    return ~exists().where(same, later.c.generation > fits.c.generation)


def _is(state: StudyState) -> ColumnElement[bool]:
    """Return the condition that a study is in a state as readers see it: see `stored.get`."""
    has_work = exists().where(
        study_jobs.c.study == studies.c.id,
        study_jobs.c.generation == studies.c.generation,
        jobs.c.id == study_jobs.c.job,
        jobs.c.state.not_in(sorted(ENDS)),
    )
    written = studies.c.state == state
    if state == StudyState.running:
        return written & has_work
    if state == StudyState.failed:
        return written | ((studies.c.state == StudyState.running) & ~has_work)
    return written


def _descending(sort: str, order: Direction | None) -> bool:
    return order == "desc" if order is not None else sort not in _ASCENDING
