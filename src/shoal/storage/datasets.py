"""Datasets: tables that are kept, with their columns, a version and content hashes.

Files are made durable first and the row after: a crash between them leaves files without a row, which
`collect` removes, and never a row without its files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.exc import IntegrityError

from shoal.base import clock
from shoal.base.database import Database
from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.base.ids import new_id
from shoal.storage.arrow_files import map_table, write_table
from shoal.storage.backend import Storage, Stored
from shoal.storage.dataset import (
    Dataset,
    find_same,
    forget,
    get,
    insert_dataset,
    list_,
    stored_keys,
)
from shoal.storage.expansion import CHUNK, too_large
from shoal.storage.options import ReadOptions
from shoal.storage.orphans import YOUNG, orphans, remove_files, removed_unless_needed
from shoal.storage.reading import TableRead, read_open_table, table_as_read
from shoal.storage.sources import file_name, open_source
from shoal.storage.words import shown

__all__ = ["Dataset", "add", "add_table", "collect", "get", "list_", "open_table", "remove"]

ADD = fault_point("datasets.add", "A dataset's row is recorded; its files are there.")
REMOVE = fault_point("datasets.remove", "A dataset's row is gone; its files may still be there.")
PREFIX = "datasets/"
# Raised when files are read differently, so that the same bytes are read anew.
_READER = 1


def add(
    database: Database,
    storage: Storage,
    source: Path | BinaryIO,
    name: str | None = None,
    options: ReadOptions | None = None,
    owner: str = "local",
    *,
    replaces: str | None = None,
) -> Dataset:
    """Read a file and keep it: its original bytes, its table, and a row.

    The same bytes, name and options of the same owner give the dataset that is there already.

    Args:
        database: where the row goes.
        storage: where the files go.
        source: a path, or an open file read from where it stands.
        name: how messages and lists call it; by default the path's last part.
        options: how to read it.
        owner: whose it is.
        replaces: the id of a dataset this is the next version of.

    Raises:
        ShoalError: as `read_table` does; nothing is kept then.
    """
    options = options or ReadOptions()
    with ExitStack() as stack:
        if isinstance(source, Path):
            name = file_name(source) if name is None else name
            source = stack.enter_context(open_source(source, name))
        name = shown(_last_part(name or "") or "table", 255)
        id, version = _next(database, replaces)
        original = f"{PREFIX}{id}/v{version}.original"
        keys = (original, f"{PREFIX}{id}/v{version}.arrow")
        with removed_unless_needed(database, storage, keys, stored_keys):
            kept = storage.put(original, _limited(source, name, options))
            mark = _fingerprint(kept.sha256, name, options.delimiter or "", replaces or "")
            if (same := database.read(lambda conn: find_same(conn, owner, mark))) is not None:
                return same
            read = read_open_table(stack.enter_context(storage.open(original)), name, options, stack)
            return _record(database, storage, (id, version, name, owner), read, mark, kept, original)


def _last_part(name: str) -> str:
    """Return a file's name without the folders that a sender may put before it."""
    return name.replace("\\", "/").rpartition("/")[2]


def add_table(database: Database, storage: Storage, table: Any, name: str, owner: str = "local") -> Dataset:
    """Keep a `pyarrow.Table` from memory; the same table again gives the dataset that is there already.

    Raises:
        InvalidInput: it has no rows or columns.
    """
    read, id = table_as_read(table), new_id()
    return _record(database, storage, (id, 1, shown(name, 255), owner), read, None, None, None)


def open_table(storage: Storage, dataset: Dataset | str) -> Any:
    """Return a dataset's `pyarrow.Table` (or that under a table's key), mapped into memory.

    Raises:
        NotFound: its file is not there.
        Unavailable: its file is damaged.
    """
    return map_table(storage, dataset if isinstance(dataset, str) else dataset.key)


def remove(database: Database, storage: Storage, id: str) -> None:
    """Remove a dataset with all its versions: the rows first, then the files.

    Raises:
        NotFound: there is none.
        Conflict: something still needs it.
    """
    try:
        keys = database.write(REMOVE, lambda conn: forget(conn, id))
    except IntegrityError as error:
        raise Conflict(
            f"Dataset {id} is still used.", hint="Remove the studies of it first.", id=id
        ) from error
    remove_files(storage, keys)


def collect(database: Database, storage: Storage, *, older_than: int = YOUNG) -> int:
    """Remove orphans and what interrupted writes left; returns how many files there were."""
    keys = orphans(database, storage, PREFIX, stored_keys, older_than=older_than)
    remove_files(storage, keys)
    return len(keys) + storage.sweep(clock.now() - older_than)


def _record(
    database: Database,
    storage: Storage,
    who: tuple[str, int, str, str],
    read: TableRead,
    mark: str | None,
    kept: Stored | None,
    original: str | None,
) -> Dataset:
    id, version, name, owner = who
    key = f"{PREFIX}{id}/v{version}.arrow"
    with removed_unless_needed(database, storage, (key,), stored_keys):
        stored = write_table(storage, key, read.table)
        kept = kept or stored
        mark = mark or _fingerprint(stored.sha256, name, "memory")
        dataset = Dataset(
            id=id,
            version=version,
            name=name,
            rows=read.table.num_rows,
            columns=read.columns,
            sha256=kept.sha256,
            table_sha256=stored.sha256,
            size=kept.size,
            created=clock.now(),
            owner=owner,
            key=key,
            original=original,
            notes=read.notes,
            origin=read.origin,
        )
        return _inserted(database, dataset, mark)


def _inserted(database: Database, dataset: Dataset, mark: str) -> Dataset:
    try:
        return database.write(ADD, lambda conn: insert_dataset(conn, dataset, mark))
    except IntegrityError:
        # Another process was quicker with the same file.
        same = database.read(lambda conn: find_same(conn, dataset.owner, mark))
        if same is None:
            raise
        return same


def _next(database: Database, replaces: str | None) -> tuple[str, int]:
    if replaces is None:
        return new_id(), 1
    return replaces, database.read(lambda conn: get(conn, replaces)).version + 1


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join((str(_READER), *parts)).encode()).hexdigest()


def _limited(source: BinaryIO, name: str, options: ReadOptions) -> Iterator[bytes]:
    size, limit = 0, options.max_expanded_bytes
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise too_large(name, source.seek(0, 2) if source.seekable() else None, limit)
        yield chunk
