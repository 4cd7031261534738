"""Finding live tasks and what happened in them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, tuple_

from shoal.base.errors import NotFound
from shoal.base.transaction import among
from shoal.live.model import Fault, LiveEvent, LiveTask
from shoal.live.plain import wish_of
from shoal.live.states import HOSTED, State
from shoal.live.store.tables import live_events, tasks


def get(conn: Connection, id: str, *, lock: bool = False) -> LiveTask:
    """Return a task; raises NotFound."""
    query = select(tasks).where(tasks.c.id == id)
    row = conn.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise missing(id)
    return task_of(row)


def missing(id: str) -> NotFound:
    """Return what to raise when there is no such task."""
    return NotFound(f"There is no live task {id[:40]}, or you may not see it.", task=id[:40])


def find(
    conn: Connection,
    owner: str | None = None,
    ids: Collection[str] | None = None,
    search: str = "",
    limit: int | None = None,
    after: str | None = None,
) -> list[LiveTask]:
    """Return tasks, the newest first, those after the one with the id `after`.

    `search` is a part of a name or of an id, in any case.
    """
    query = select(tasks).order_by(tasks.c.created.desc(), tasks.c.id.desc()).limit(limit)
    if owner is not None:
        query = query.where(tasks.c.owner == owner)
    if ids is not None:
        query = query.where(among(conn, tasks.c.id, sorted(ids)))
    if search:
        looked_for = search.lower()
        names = (func.lower(tasks.c.name), tasks.c.id)
        query = query.where(or_(*(name.contains(looked_for, autoescape=True) for name in names)))
    if after is not None:
        query = _from(query, after)
    return [task_of(row) for row in conn.execute(query)]


def is_any_hosted(conn: Connection) -> bool:
    """Say whether there is a task that a host has to follow."""
    hosted = tasks.c.state.in_([state.value for state in HOSTED])
    return conn.execute(select(tasks.c.id).where(hosted).limit(1)).first() is not None


def by_key(conn: Connection, owner: str, key: str) -> LiveTask | None:
    """Return the task that an owner made under a key."""
    row = conn.execute(select(tasks).where(tasks.c.owner == owner, tasks.c.key == key)).first()
    return None if row is None else task_of(row)


def count(conn: Connection, owner: str) -> int:
    """Return how many tasks an owner has."""
    return conn.execute(select(func.count()).where(tasks.c.owner == owner)).scalar_one()


def events_of(conn: Connection, task: str, after: int = 0, limit: int = 1_000) -> list[LiveEvent]:
    """Return what happened in a task, the oldest first."""
    query = select(live_events).where(live_events.c.task == task, live_events.c.seq > after)
    rows = conn.execute(query.order_by(live_events.c.seq).limit(limit))
    return [LiveEvent(row.seq, row.task, row.run, row.row, row.kind, row.detail, row.at) for row in rows]


def task_of(row: Any) -> LiveTask:
    """Return a row of the table as a task."""
    return LiveTask(
        id=row.id,
        owner=row.owner,
        wish=wish_of(row.wish),
        state=State(row.state),
        error=Fault(row.error_code, row.error) if row.error_code else None,
        run=row.run,
        dim=row.dim,
        rows=row.rows,
        pushed=row.rows - row.base,
        created=row.created,
        changed=row.changed,
        played=row.played,
        ended=row.ended,
        base=row.base,
        played_row=row.played_row,
        turn=row.turn,
        then=State(row.next) if row.next else None,
    )


def _from(query: Select[Any], after: str) -> Select[Any]:
    place = select(tasks.c.created, tasks.c.id).where(tasks.c.id == after).subquery()
    return query.where(
        tuple_(tasks.c.created, tasks.c.id) < select(place.c.created, place.c.id).scalar_subquery()
    )
