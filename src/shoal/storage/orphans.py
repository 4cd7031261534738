"""Stored files and the rows that need them: the file is made durable first, the row after.

A crash between the two leaves a file without a row, which housekeeping removes, and never the reverse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from shoal.base import clock
from shoal.base.database import Database
from shoal.storage.backend import Storage

# Files younger than this may belong to a row that is just being written.
YOUNG = 3600 * clock.SECOND
# Returns the keys that rows need: all of them, or those among some.
Needed = Callable[[Connection, Sequence[str] | None], set[str]]


def orphans(
    database: Database, storage: Storage, prefix: str, needed: Needed, *, older_than: int = YOUNG
) -> list[str]:
    """Return keys below a prefix that no row needs, last written over `older_than` microseconds ago."""
    before = clock.now() - older_than
    # Files first: a row that comes after this list has files that are too young for it.
    files = [entry.key for entry in storage.list(prefix) if entry.modified <= before]
    kept = database.read(lambda conn: needed(conn, None))
    return [key for key in files if key not in kept]


@contextmanager
def removed_unless_needed(
    database: Database, storage: Storage, keys: Sequence[str], needed: Needed
) -> Iterator[None]:
    """Remove files at the end unless a row names them: after an error, or when they were there already."""
    try:
        yield
    finally:
        # When the database does not answer, whether the row is there is not known: housekeeping will see.
        with suppress(Exception):
            kept = database.read(lambda conn: needed(conn, keys))
            remove_files(storage, [key for key in keys if key not in kept])


def remove_files(storage: Storage, keys: Iterable[str]) -> None:
    """Remove stored files; one that is gone already is no fault."""
    for key in keys:
        storage.delete(key)
