"""Limits on how many jobs of a kind, of an owner or of a group are active at once."""

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

_ORDERED = select(limits.c.scope, limits.c.name, limits.c.n).order_by(limits.c.scope, limits.c.name)
_EVERY = Prepared(_ORDERED)
_EVERY_LOCKED = Prepared(_ORDERED.with_for_update())
_ACTIVE = (
    select(lanes_table.c.kind, lanes_table.c.owner, lanes_table.c.group, func.count())
    .select_from(attempts.join(jobs, jobs.c.id == attempts.c.job))
    .join(lanes_table, lanes_table.c.id == jobs.c.lane)
    .where(attempts.c.expires.is_not(None))  # So only the attempts at active jobs have it, and an index.
    .group_by(lanes_table.c.kind, lanes_table.c.owner, lanes_table.c.group)
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


def scopes(lane: Lane) -> tuple[Scope, Scope, Scope]:
    """Return the scopes whose limits hold for a lane."""
    return ("kind", lane.kind), ("owner", lane.owner), ("group", lane.group)


def set_limit(
    conn: Connection,
    *,
    kind: str | None = None,
    owner: str | None = None,
    group: str | None = None,
    n: int | None,
) -> None:
    """Allow at most n active jobs of a kind, an owner or a group; None lifts the limit.

    A group is of all owners that name it.

    Raises:
        InvalidInput: not exactly one of kind, owner and group is given, or n is not a number from 0.
    """
    given = {"kind": kind, "owner": owner, "group": group}
    named = [(scope, name) for scope, name in given.items() if name]
    if len(named) != 1 or (n is not None and not 0 <= n < 2**31):
        raise InvalidInput("A limit names one kind, owner or group, and a number from 0.")
    scope, name = named[0]
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
    for kind, owner, group, n in conn.execute(_ACTIVE):
        for scope in (("kind", kind), ("owner", owner), ("group", group)):
            active[scope] += n
    return Room({scope: n - active[scope] for scope, n in left.items()})
