"""Forgetting infrastructures that were destroyed long ago, and what happened long ago in others."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from shoal.base.transaction import among
from shoal.infra.states import Phase
from shoal.infra.store.tables import happenings, infrastructures, instances

BATCH = 100


def destroyed(conn: Connection, home: str) -> set[str]:
    """Return the infrastructures of a home that are destroyed."""
    query = select(infrastructures.c.id).where(
        infrastructures.c.home == home, infrastructures.c.phase == Phase.DESTROYED.value
    )
    return set(conn.execute(query).scalars())


def known(conn: Connection, ids: Collection[str]) -> set[str]:
    """Return those of some ids that infrastructures have."""
    if not ids:
        return set()
    query = select(infrastructures.c.id).where(among(conn, infrastructures.c.id, sorted(ids)))
    return set(conn.execute(query).scalars())


def forget(conn: Connection, before: int) -> int:
    """Forget some of the infrastructures that were destroyed before a time, with all of theirs; how many."""
    query = select(infrastructures.c.id).where(
        infrastructures.c.phase == Phase.DESTROYED.value, infrastructures.c.ended < before
    )
    old = list(conn.execute(query.limit(BATCH)).scalars())
    if old:
        conn.execute(delete(happenings).where(among(conn, happenings.c.infra, old)))
        conn.execute(delete(instances).where(among(conn, instances.c.infra, old)))
        conn.execute(delete(infrastructures).where(among(conn, infrastructures.c.id, old)))
    return len(old)


def forget_happenings(conn: Connection, before: int) -> int:
    """Forget what happened before a time; returns how much that was."""
    return conn.execute(delete(happenings).where(happenings.c.at < before)).rowcount
