"""What jobs of studies made and no study names any more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, select

from shoal.base import clock
from shoal.base.database import Database
from shoal.jobs.store.tables import jobs
from shoal.storage.backend import Storage
from shoal.studies.store.tables import fits, studies

ARTIFACTS = "jobs/"
# Younger files may be named by a row that is just being written.
YOUNG = 3600 * clock.SECOND


def collect(database: Database, storage: Storage, *, older_than: int = YOUNG) -> int:
    """Remove the artifacts that no study names; returns how many there were."""
    before = clock.now() - older_than
    # Files first: a row that comes after this list has files that are too young for it.
    old = [entry.key for entry in storage.list(ARTIFACTS) if entry.modified <= before]
    gone = database.read(partial(_unnamed, old))
    for key in gone:
        storage.delete(key)
    return len(gone)


def _unnamed(keys: Sequence[str], conn: Connection) -> list[str]:
    named = set(conn.execute(select(studies.c.artifact)).scalars())
    named |= set(conn.execute(select(fits.c.params).distinct()).scalars())
    ours = set(conn.execute(select(jobs.c.id).where(jobs.c.kind.startswith("study."))).scalars())
    return [key for key in keys if key not in named and _job_of(key) in ours]


def _job_of(key: str) -> int:
    """Return the job in `jobs/JOB/GENERATION/ATTEMPT/NAME`."""
    return int(key.split("/")[1])
