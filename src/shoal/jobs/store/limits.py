"""Limits on how many jobs of a kind or of an owner are active at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, select

from shoal.base.errors import InvalidInput
from shoal.base.prepared import Prepared
from shoal.base.transaction import insert_into
from shoal.jobs.store.lanes import Lane
from shoal.jobs.store.tables import attempts, jobs, limits
from shoal.jobs.store.tables import lanes as lanes_table

Scope = tuple[str, str]

_ORDERED = select(limits).order_by(limits.c.scope, limits.c.name)
_EVERY = Prepared(_ORDERED)
_EVERY_LOCKED = Prepared(_ORDERED.with_for_update())
_ACTIVE = (
    select(lanes_table.c.kind, lanes_table.c.owner, func.count())
    .select_from(attempts.join(jobs, jobs.c.id == attempts.c.job))
    .join(lanes_table, lanes_table.c.id == jobs.c.lane)
    .where(attempts.c.expires.is_not(None))  # So only the attempts at active jobs have it, and an index.
    .group_by(lanes_table.c.kind, lanes_table.c.owner)
)


@dataclass(slots=True)
class Room:
    """How many more jobs may become active, by scope; a scope without a limit is not in it."""

    left: dict[Scope, int] = field(default_factory=dict)

    def of(self, lane: Lane) -> int | None:
        """Return how many jobs of a lane may still be taken, None for any number."""
        return min((self.left[scope] for scope in scopes(lane) if scope in self.left), default=None)

    def take(self, lane: Lane) -> None:
        """Count one more active job of a lane."""
        for scope in scopes(lane):
            if scope in self.left:
                self.left[scope] -= 1


def scopes(lane: Lane) -> tuple[Scope, Scope]:
    """Return the scopes whose limits hold for a lane."""
    return ("kind", lane.kind), ("owner", lane.owner)


def set_limit(conn: Connection, *, kind: str | None = None, owner: str | None = None, n: int | None) -> None:
    """Allow at most n active jobs of a kind or of an owner; None lifts the limit.

    Raises:
        InvalidInput: not exactly one of kind and owner is given, or n is negative.
    """
    scope, name = ("kind", kind) if kind is not None else ("owner", owner)
    if name is None or (kind is not None and owner is not None) or (n is not None and n < 0):
        raise InvalidInput("A limit names either a kind or an owner, and a number from 0.")
    if n is None:
        conn.execute(delete(limits).where(limits.c.scope == scope, limits.c.name == name))
        return
    insert = insert_into(conn, limits).values(scope=scope, name=name, n=n)
    conn.execute(insert.on_conflict_do_update(index_elements=["scope", "name"], set_={"n": n}))


def every(conn: Connection) -> dict[Scope, int]:
    """Return all limits."""
    return {(scope, name): n for scope, name, n in _EVERY.rows(conn)}


def room(conn: Connection, lanes: Iterable[Lane], *, lock: bool) -> Room:
    """Return how much the limits leave for some lanes; locked, nobody else counts before the commit."""
    wanted = {scope for lane in lanes for scope in scopes(lane)}
    # All rows are locked, whatever lanes they concern: they are few, and one order avoids deadlocks.
    rows = (_EVERY_LOCKED if lock else _EVERY).rows(conn)
    left = {(scope, name): n for scope, name, n in rows if (scope, name) in wanted}
    if not left:
        return Room()
    active: Counter[Scope] = Counter()
    for kind, owner, n in conn.execute(_ACTIVE):
        active["kind", kind] += n
        active["owner", owner] += n
    return Room({scope: n - active[scope] for scope, n in left.items()})
