"""What jobs of studies made and no study names any more."""

from __future__ import annotations

from sqlalchemy import Connection, select

from shoal.base import clock
from shoal.base.database import Database
from shoal.jobs.context import ARTIFACTS
from shoal.storage.backend import Storage
from shoal.studies.tables import fits, studies

# Younger files may be named by a row that is just being written.
YOUNG = 3600 * clock.SECOND


def collect(database: Database, storage: Storage, *, older_than: int = YOUNG) -> int:
    """Remove the artifacts that no study names; returns how many there were."""
    before = clock.now() - older_than
    # Files first: a row that comes after this list has files that are too young for it.
    old = [entry.key for entry in storage.list(ARTIFACTS) if entry.modified <= before]
    needed = database.read(_named)
    gone = [key for key in old if key not in needed]
    for key in gone:
        storage.delete(key)
    return len(gone)


def _named(conn: Connection) -> set[str]:
    kept = set(conn.execute(select(studies.c.artifact)).scalars())
    return kept | set(conn.execute(select(fits.c.params).distinct()).scalars())
