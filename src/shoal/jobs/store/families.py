"""Jobs and those below them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from shoal.base.transaction import among
from shoal.jobs.store.tables import jobs


def below(conn: Connection, ids: Sequence[int]) -> Sequence[int]:
    """Return those of some jobs that are there, and everything below them."""
    found = select(jobs.c.id).where(among(conn, jobs.c.id, ids)).cte("below", recursive=True)
    found = found.union(select(jobs.c.id).where(jobs.c.parent == found.c.id, jobs.c.parent.is_not(None)))
    return conn.execute(select(found.c.id)).scalars().all()
