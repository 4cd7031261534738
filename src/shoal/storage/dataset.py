"""A dataset, and its rows in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select

from shoal.base.errors import NotFound
from shoal.storage.columns import Column
from shoal.storage.reading import Origin
from shoal.storage.tables import datasets


@dataclass(frozen=True, slots=True)
class Dataset:
    """Describe one version of a stored table.

    Args:
        id: of the dataset; all its versions share it.
        version: from 1.
        name: the file's, as it was given.
        rows: how many there are.
        columns: in the file's order.
        sha256: of the original bytes (of the stored table when it came from memory).
        table_sha256: of the stored table.
        size: of the original in bytes.
        created: when (microseconds, UTC).
        owner: whose it is.
        key: of the stored table, an Arrow file.
        original: the key of the original bytes; None when the table came from memory.
        notes: what a person should know about how the file was read.
        origin: how it was read.
    """

    id: str
    version: int
    name: str
    rows: int
    columns: tuple[Column, ...]
    sha256: str
    table_sha256: str
    size: int
    created: int
    owner: str
    key: str
    original: str | None
    notes: tuple[str, ...]
    origin: Origin

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of its stored files."""
        return (self.key,) if self.original is None else (self.key, self.original)


def get(conn: Connection, id: str, version: int | None = None) -> Dataset:
    """Return a dataset, its newest version unless one is named; raises `NotFound`."""
    query = select(datasets).where(datasets.c.id == id).order_by(datasets.c.version.desc()).limit(1)
    if version is not None:
        query = query.where(datasets.c.version == version)
    if (found := _first(conn, query)) is None:
        which = id if version is None else f"{id}, version {version}"
        raise NotFound(f"There is no dataset {which}, or you may not see it.", id=id)
    return found


def list_(
    conn: Connection,
    owner: str | None = None,
    limit: int | None = None,
    *,
    before: tuple[int, str] | None = None,
    text: str = "",
) -> list[Dataset]:
    """Return datasets, the newest first: of one owner, or of all when `owner` is None.

    `before` is the time and id of the last one of the part before; `text` is a part of the name or the
    beginning of the id.
    """
    query = select(datasets).order_by(datasets.c.created.desc(), datasets.c.id).limit(limit)
    if owner is not None:
        query = query.where(datasets.c.owner == owner)
    if text:
        query = query.where(called(text))
    if before is not None:
        created, id_ = before
        same_time = (datasets.c.created == created) & (datasets.c.id > id_)
        query = query.where((datasets.c.created < created) | same_time)
    return [dataset_of(row) for row in conn.execute(query)]


def called(text: str) -> ColumnElement[bool]:
    """Return the condition that a text is a part of a dataset's name, or the beginning of its id."""
    named = datasets.c.name.icontains(text, autoescape=True)
    return named | datasets.c.id.startswith(text.lower(), autoescape=True)


def find_same(conn: Connection, owner: str, fingerprint: str) -> Dataset | None:
    """Return the owner's dataset that was read from the same bytes in the same way."""
    same = (datasets.c.owner == owner) & (datasets.c.fingerprint == fingerprint)
    return _first(conn, select(datasets).where(same))


def insert_dataset(conn: Connection, dataset: Dataset, fingerprint: str) -> Dataset:
    """Add a row, or return the dataset that is there already with the same fingerprint."""
    if (same := find_same(conn, dataset.owner, fingerprint)) is not None:
        return same
    conn.execute(insert(datasets).values(**_row(dataset), fingerprint=fingerprint))
    return dataset


def forget(conn: Connection, id: str) -> list[str]:
    """Remove every version's row; returns the keys of the files that nothing needs any more.

    Raises:
        NotFound: there is none.
    """
    query = select(datasets).where(datasets.c.id == id)
    found = [dataset_of(row) for row in conn.execute(query)]
    if not found:
        raise NotFound(f"There is no dataset {id}, or you may not see it.", id=id)
    conn.execute(delete(datasets).where(datasets.c.id == id))
    return [key for dataset in found for key in dataset.keys]


def stored_keys(conn: Connection, among: Sequence[str] | None = None) -> set[str]:
    """Return the keys of the files that datasets need: all, or those among some."""
    query = select(datasets.c.key, datasets.c.original)
    if among is not None:
        query = query.where(datasets.c.key.in_(among) | datasets.c.original.in_(among))
    rows = conn.execute(query)
    return {key for row in rows for key in row if key is not None}


def _first(conn: Connection, query: Select[Any]) -> Dataset | None:
    row = conn.execute(query).first()
    return None if row is None else dataset_of(row)


def _row(dataset: Dataset) -> dict[str, Any]:
    values = {name: getattr(dataset, name) for name in Dataset.__slots__}
    columns = [column.as_json() for column in dataset.columns]
    return values | {"columns": columns, "notes": list(dataset.notes), "origin": dataset.origin.as_json()}


def dataset_of(row: Row[Any]) -> Dataset:
    """Return the dataset that a row of the table describes."""
    values = {name: row._mapping[name] for name in Dataset.__slots__}
    values["columns"] = tuple(map(Column.from_json, values["columns"]))
    values["notes"] = tuple(values["notes"])
    values["origin"] = Origin.from_json(values["origin"])
    return Dataset(**values)
