"""Data files: bytes that an owner's jobs read by name, as they came.

A name never changes what it stands for: to put other bytes under it, remove it first. A job that was bound
to the older file fails then, instead of reading something else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import ColumnElement, Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from shoal.base import clock
from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput, NotFound, TooLarge, UnsupportedMedia
from shoal.base.faults import fault_point
from shoal.base.ids import new_id
from shoal.storage.backend import Storage
from shoal.storage.expansion import CHUNK
from shoal.storage.keys import is_plain
from shoal.storage.orphans import YOUNG, orphans, remove_files, removed_unless_needed
from shoal.storage.tables import datafiles
from shoal.storage.words import shown

ADD = fault_point("datafiles.add", "A data file's row is recorded; its bytes are there.")
REMOVE = fault_point("datafiles.remove", "Rows of data files are gone; their bytes may still be there.")
PREFIX = "datafiles/"
DOCUMENTED = (".csv", ".dat", ".txt")
EXTENSIONS = (*DOCUMENTED, ".parquet", ".arrow", ".json")


@dataclass(frozen=True, slots=True)
class Datafile:
    """Describe a file: `size` in bytes, `created` in microseconds UTC, `key` its place in the storage."""

    owner: str
    name: str
    created: int
    size: int
    sha256: str
    key: str


def checked_name(name: str, extensions: Collection[str] = EXTENSIONS) -> str:
    """Return a name that a file may have: no folders, and one of the extensions in any case.

    Raises:
        InvalidInput: it leads elsewhere, begins with a dot, is too long, or holds what cannot be printed.
        UnsupportedMedia: it has another extension.
    """
    if not is_plain(name):
        raise InvalidInput(
            f"{shown(name)!r} cannot be the name of a data file.",
            hint="Give a plain file name, without folders.",
        )
    if _extension(name) not in extensions:
        raise UnsupportedMedia(
            f"{shown(name)} has an extension that is not accepted.",
            hint=f"There are: {' '.join(extensions)}.",
        )
    return name


def add(
    database: Database, storage: Storage, source: BinaryIO, name: str, owner: str, *, limit: int
) -> Datafile:
    """Keep a file of at most `limit` bytes under a name.

    Raises:
        InvalidInput, UnsupportedMedia: the name cannot be had.
        Conflict: the name is taken.
        TooLarge, StorageFull: it does not fit. Nothing is kept after any of these.
    """
    checked_name(name)
    database.read(lambda conn: check_free(conn, owner, name))
    key = f"{PREFIX}{new_id()}{_extension(name)}"
    with removed_unless_needed(database, storage, (key,), stored_keys):
        kept = storage.put(key, _limited(source, name, limit))
        return _recorded(database, Datafile(owner, name, clock.now(), kept.size, kept.sha256, key))


def check_free(conn: Connection, owner: str, name: str) -> None:
    """Raise Conflict when an owner has a file of this name."""
    if conn.execute(select(datafiles.c.key).where(_called(owner, name))).first() is not None:
        raise _taken(name)


def get(conn: Connection, owner: str, name: str) -> Datafile:
    """Return an owner's file; raises `NotFound`."""
    query = select(*(datafiles.c[field] for field in Datafile.__slots__)).where(_called(owner, name))
    if (row := conn.execute(query).first()) is None:
        raise NotFound(f"There is no data file {shown(name)}, or you may not see it.")
    return Datafile(*row)


def list_(conn: Connection, owner: str, *, after: str = "", limit: int | None = None) -> list[Datafile]:
    """Return an owner's files by name; `after` is the last name of the part before."""
    query = select(*(datafiles.c[field] for field in Datafile.__slots__))
    query = query.where(datafiles.c.owner == owner, datafiles.c.name > after)
    return [Datafile(*row) for row in conn.execute(query.order_by(datafiles.c.name).limit(limit))]


def remove(database: Database, storage: Storage, owner: str, name: str) -> None:
    """Remove an owner's file: the row first, then the bytes; raises `NotFound`."""

    def forget(conn: Connection) -> str:
        found = get(conn, owner, name)
        conn.execute(delete(datafiles).where(_called(owner, name)))
        return found.key

    remove_files(storage, [database.write(REMOVE, forget)])


def remove_all(database: Database, storage: Storage, owner: str) -> int:
    """Remove every file of an owner; returns how many there were."""

    def forget(conn: Connection) -> list[str]:
        keys = list(conn.execute(select(datafiles.c.key).where(datafiles.c.owner == owner)).scalars())
        conn.execute(delete(datafiles).where(datafiles.c.owner == owner))
        return keys

    keys = database.write(REMOVE, forget)
    remove_files(storage, keys)
    return len(keys)


def stored_keys(conn: Connection, among: Sequence[str] | None = None) -> set[str]:
    """Return the keys of the files that have a row: all, or those among some."""
    query = select(datafiles.c.key)
    if among is not None:
        query = query.where(datafiles.c.key.in_(among))
    return set(conn.execute(query).scalars())


def collect(database: Database, storage: Storage, *, older_than: int = YOUNG) -> int:
    """Remove files that no row names; returns how many there were."""
    keys = orphans(database, storage, PREFIX, stored_keys, older_than=older_than)
    remove_files(storage, keys)
    return len(keys)


def _recorded(database: Database, file: Datafile) -> Datafile:
    values = {field: getattr(file, field) for field in Datafile.__slots__}
    row = values | {"slot": _slot(file.name)}
    try:
        database.write(ADD, lambda conn: conn.execute(insert(datafiles).values(row)))
    except IntegrityError as error:  # Another request was quicker with the same name.
        raise _taken(file.name) from error
    return file


def _taken(name: str) -> Conflict:
    return Conflict(
        f"There is a data file {shown(name)} already.", hint="Delete it first, or choose another name."
    )


def _called(owner: str, name: str) -> ColumnElement[bool]:
    return (datafiles.c.owner == owner) & (datafiles.c.slot == _slot(name))


def _slot(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return f"{stem}.{extension.lower()}".replace("\0", "\ufffd")


def _extension(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def _limited(source: BinaryIO, name: str, limit: int) -> Iterable[bytes]:
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"{shown(name)} is over the limit of {limit:,} bytes.", limit=limit)
        yield chunk
