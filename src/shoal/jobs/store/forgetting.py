"""Taking everything that is kept of some jobs out of the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from shoal.base.transaction import among
from shoal.jobs.store.tables import attempts, dependencies, externals, generations, jobs, progress

_NAMING_JOBS = (
    attempts.c.job,
    generations.c.job,
    dependencies.c.job,
    externals.c.job,
    progress.c.job,
    jobs.c.id,
)


def forget(conn: Connection, ids: Sequence[int]) -> list[str]:
    """Delete jobs with their attempts and return the storage keys of their logs, for the caller to delete."""
    if not ids:
        return []
    logs = select(attempts.c.log).where(among(conn, attempts.c.job, ids), attempts.c.log.is_not(None))
    found = list(conn.execute(logs).scalars())
    for column in _NAMING_JOBS:
        conn.execute(delete(column.table).where(among(conn, column, ids)))
    return found
