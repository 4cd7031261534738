"""Datasets in lists for people: searched, sorted, counted, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from shoal.storage.dataset import Dataset, called, dataset_of
from shoal.storage.tables import datasets

DatasetSort = Literal["created", "name", "rows", "size"]
_SORTS: dict[DatasetSort, ColumnElement[Any]] = {
    "created": datasets.c.created,
    "name": func.lower(datasets.c.name),
    "rows": datasets.c.rows,
    "size": datasets.c.size,
}


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Say which datasets are wanted: of one owner (None: of all), with a text in the name or id."""

    owner: str | None = None
    text: str = ""


def dataset_page(
    conn: Connection,
    wanted: DatasetFilter,
    *,
    sort: DatasetSort = "created",
    descending: bool = True,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[Dataset], int]:
    """Return the newest versions of one page of datasets, and how many datasets fit the filter."""
    query = _wanted(wanted)
    total = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    column = _SORTS[sort]
    ordered = query.order_by(column.desc() if descending else column.asc(), datasets.c.id)
    return [dataset_of(row) for row in conn.execute(ordered.offset(offset).limit(limit))], total


def versions(conn: Connection, id: str) -> list[Dataset]:
    """Return every version of a dataset, the newest first."""
    query = select(datasets).where(datasets.c.id == id).order_by(datasets.c.version.desc())
    return [dataset_of(row) for row in conn.execute(query)]


def _wanted(wanted: DatasetFilter) -> Select[Any]:
    later = datasets.alias()
    newer = exists().where(later.c.id == datasets.c.id, later.c.version > datasets.c.version)
    query = select(datasets).where(~newer)
    if wanted.owner is not None:
        query = query.where(datasets.c.owner == wanted.owner)
    if wanted.text:
        query = query.where(called(wanted.text))
    return query
