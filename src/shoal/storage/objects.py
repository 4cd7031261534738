"""Stored objects: JSON with a datatype that an owner's jobs read by id.

What counts is the file; a copy in the database is there to be searched. A change writes another file, so
that a job which waits reads what it was bound to; housekeeping removes files that were replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from shoal.base import clock
from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput, NotFound, TooLarge
from shoal.base.faults import fault_point
from shoal.base.ids import new_id
from shoal.base.schema import dumps, loads
from shoal.storage.backend import Storage
from shoal.storage.datatypes import Datatype, checked
from shoal.storage.orphans import YOUNG, orphans, remove_files
from shoal.storage.tables import objects
from shoal.storage.words import shown, sized

KEEP = fault_point("objects.keep", "A stored object's row is recorded or changed; its data is there.")
REMOVE = fault_point("objects.remove", "Rows of stored objects are gone; their data may still be there.")
PREFIX = "objects/"
LARGEST = 16 << 20
# Larger data is found by its id, datatype and extra keys only.
SEARCHED = 1 << 20
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Object:
    """Describe stored JSON: `size` in bytes, times in microseconds UTC, `extra` what else was said of it."""

    owner: str
    id: str
    datatype: Datatype
    created: int
    size: int
    sha256: str
    key: str
    edited: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


FIELDS = tuple(Object.__slots__)
_OBJECT = select(*(objects.c[name] for name in FIELDS))


def checked_id(id: str) -> str:
    """Return an id that an object may have; raises InvalidInput."""
    if not _ID.fullmatch(id):
        raise InvalidInput(
            f"{shown(id)!r} cannot be an id.", hint="Use 1 to 64 letters, digits, _ and - (of ASCII)."
        )
    return id


def add(
    database: Database,
    storage: Storage,
    owner: str,
    datatype: Any,
    data: Any,
    *,
    id: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Object:
    """Keep JSON data; without an id it gets one.

    Raises:
        InvalidInput: the id, or the data as this datatype, cannot be kept.
        Conflict: the owner has an object of this id.
        TooLarge, StorageFull: it does not fit.
    """
    id, is_a = new_id() if id is None else checked_id(id), checked(datatype, data)
    content = _written(data)
    stored = _kept(
        storage, Object(owner, id, is_a, clock.now(), 0, "", "", extra=_kept_beside(extra)), content
    )

    def record(conn: Connection) -> None:
        conn.execute(insert(objects).values(**_row(stored), content=_searched(data, content)))

    try:
        database.write(KEEP, record)
    except IntegrityError as error:
        storage.delete(stored.key)
        raise Conflict(f"There is a stored object {id} already.", hint="Choose another id.") from error
    return stored


def get(conn: Connection, owner: str, id: str) -> Object:
    """Return an owner's object without its data; raises `NotFound`."""
    row = conn.execute(_OBJECT.where(_is(owner, id))).first() if _ID.fullmatch(id) else None
    if row is None:
        raise NotFound(f"There is no stored object {shown(id)}, or you may not see it.")
    return Object(**row._mapping)


def data_of(storage: Storage, stored: Object) -> Any:
    """Return an object's data; raises NotFound when its file is gone."""
    with storage.open(stored.key) as file:
        return orjson.loads(file.read())


def find(
    conn: Connection,
    owner: str,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    after: str = "",
    limit: int | None = None,
) -> list[Object]:
    """Return an owner's objects by id, without their data; `after` is the last id of the part before."""
    query = _OBJECT.where(objects.c.owner == owner, objects.c.id > after, *where)
    return [Object(**row._mapping) for row in conn.execute(query.order_by(objects.c.id).limit(limit))]


def change(
    database: Database,
    storage: Storage,
    stored: Object,
    *,
    datatype: Any = None,
    data: Any = ...,
    extra: Mapping[str, Any] | None = None,
) -> Object:
    """Change what is given of an object and return it; `extra` replaces all of it.

    Raises:
        InvalidInput: the data is not of this datatype.
        Conflict: it was changed or removed meanwhile.
        TooLarge, StorageFull: it does not fit.
    """
    is_new = data is not ...
    data = data if is_new else data_of(storage, stored)
    changed = replace(
        stored,
        datatype=checked(datatype or stored.datatype, data),
        edited=clock.now(),
        extra=stored.extra if extra is None else _kept_beside(extra),
    )
    content = _written(data)
    changed = _kept(storage, changed, content) if is_new else changed
    values = {**_row(changed), "content": _searched(data, content)}
    as_it_was = _is(stored.owner, stored.id) & (objects.c.key == stored.key)
    as_it_was &= objects.c.edited.is_not_distinct_from(stored.edited)
    done = database.write(
        KEEP, lambda conn: conn.execute(update(objects).where(as_it_was).values(values)).rowcount
    )
    if not done:
        raise Conflict(f"The stored object {stored.id} was changed meanwhile.", hint="Read it again.")
    return changed


def remove(database: Database, owner: str, ids: Sequence[str] | None = None) -> int:
    """Remove an owner's objects, all without `ids`; returns how many. A job that waits keeps their data."""
    which = objects.c.owner == owner
    if ids is not None:
        which &= objects.c.id.in_(ids)
    return database.write(REMOVE, lambda conn: conn.execute(delete(objects).where(which)).rowcount)


def stored_keys(conn: Connection, among: Sequence[str] | None = None) -> set[str]:
    """Return the keys of the data that has a row: all, or those among some."""
    query = select(objects.c.key)
    if among is not None:
        query = query.where(objects.c.key.in_(among))
    return set(conn.execute(query).scalars())


def collect(database: Database, storage: Storage, *, older_than: int = YOUNG) -> int:
    """Remove data that no row names; returns how many files there were.

    Jobs that wait may still read what was replaced: `older_than` should be how long ended jobs are kept.
    """
    keys = orphans(database, storage, PREFIX, stored_keys, older_than=older_than)
    remove_files(storage, keys)
    return len(keys)


def _written(data: Any) -> bytes:
    try:
        content = orjson.dumps(data)
    except TypeError as error:
        raise InvalidInput(f"The data cannot be kept as JSON: {error}.") from error
    if len(content) > LARGEST:
        raise TooLarge(f"The data is {sized(len(content))}; the limit is {sized(LARGEST)}.", limit=LARGEST)
    return content


def _kept(storage: Storage, described: Object, content: bytes) -> Object:
    key = f"{PREFIX}{new_id()}.json"
    stored = storage.put(key, [content])
    return replace(described, key=key, size=stored.size, sha256=stored.sha256)


def _kept_beside(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = loads(dumps(dict(extra or {})))
    return found


def _searched(data: Any, content: bytes) -> Any:
    return data if len(content) <= SEARCHED else None


def _row(stored: Object) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in FIELDS}


def _is(owner: str, id: str) -> ColumnElement[bool]:
    return (objects.c.owner == owner) & (objects.c.id == id)
