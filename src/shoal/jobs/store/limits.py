"""Limits on how many jobs of a kind, of an owner or of a group are active at once, and on starts a minute.

A limit of the owner `*` is for each owner without a limit of its own, but for the house.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, select

from shoal.base import events
from shoal.base.errors import InvalidInput
from shoal.base.prepared import Prepared
from shoal.base.transaction import insert_into
from shoal.jobs.model import HOUSE
from shoal.jobs.store import rates
from shoal.jobs.store.lanes import Lane
from shoal.jobs.store.rates import Rate
from shoal.jobs.store.tables import attempts, jobs, limits
from shoal.jobs.store.tables import lanes as lanes_table

Scope = tuple[str, str]
RATE = "rate"
EVERYONE = ("owner", "*")

_ORDERED = select(*(limits.c[name] for name in ("scope", "name", "n", "recent", "opens"))).order_by(
    limits.c.scope, limits.c.name
)
_EVERY = Prepared(_ORDERED)
_EVERY_LOCKED = Prepared(_ORDERED.with_for_update())
_ACTIVE = Prepared(
    select(lanes_table.c.kind, lanes_table.c.owner, lanes_table.c.group, func.count())
    .select_from(attempts.join(jobs, jobs.c.id == attempts.c.job))
    .join(lanes_table, lanes_table.c.id == jobs.c.lane)
    .where(attempts.c.expires.is_not(None))  # So only the attempts at active jobs have it, and an index.
    .group_by(lanes_table.c.kind, lanes_table.c.owner, lanes_table.c.group)
)


@dataclass(slots=True)
class Room:
    """How many more jobs may become active, by scope; a scope without a limit is not in `left`.

    `active` counts the active jobs by scope, when they were counted.
    """

    left: dict[Scope, int] = field(default_factory=dict)
    active: Mapping[Scope, int] = field(default_factory=dict)
    rates: dict[str, Rate] = field(default_factory=dict)

    def of(self, lane: Lane) -> int | None:
        """Return how many jobs of a lane may still be taken, None for any number."""
        return min((self.left[scope] for scope in scopes(lane) if scope in self.left), default=None)

    def shortage(self, lane: Lane) -> Scope | None:
        """Return what keeps the jobs of a lane from being taken, None when they may be."""
        return next((scope for scope in scopes(lane) if self.left.get(scope, 1) < 1), None)

    def take(self, lane: Lane) -> None:
        """Count one more active job of a lane."""
        for scope in scopes(lane):
            if scope in self.left:
                self.left[scope] -= 1


def scopes(lane: Lane) -> tuple[Scope, ...]:
    """Return the scopes whose limits hold for a lane."""
    return ("kind", lane.kind), ("owner", lane.owner), ("group", lane.group), (RATE, lane.owner)


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
    if len(named) != 1:
        raise InvalidInput("A limit names one kind, one owner or one group.")
    _set(conn, named[0], n)


def set_rate(conn: Connection, owner: str, per_minute: int | None) -> None:
    """Let at most so many jobs of an owner start within any minute; None lifts the limit.

    Raises:
        InvalidInput: the owner has no name, or the number is not one from 0.
    """
    if not owner:
        raise InvalidInput("A rate names an owner.")
    _set(conn, (RATE, owner), per_minute)


def every(conn: Connection) -> dict[Scope, int]:
    """Return all limits; the scope `rate` counts starts a minute."""
    return {(scope, name): n for scope, name, n, _, _ in _EVERY.rows(conn)}


def room(conn: Connection, lanes: Iterable[Lane], moment: int, *, lock: bool, count: bool = False) -> Room:
    """Return how much the limits leave for some lanes; locked, nobody else counts before the commit.

    With `count` the active jobs are counted although no limit asks for it.
    """
    wanted = {scope for lane in lanes for scope in scopes(lane)}
    # All rows are locked, whatever lanes they concern: they are few, and one order avoids deadlocks.
    rows = (_EVERY_LOCKED if lock else _EVERY).rows(conn)
    allowed = {(scope, name): n for scope, name, n, _, _ in rows}
    if (each := allowed.pop(EVERYONE, None)) is not None:
        allowed = {scope: each for scope in wanted if scope[0] == "owner" and scope[1] != HOUSE} | allowed
    allowed = {scope: n for scope, n in allowed.items() if scope in wanted}
    if not allowed and not count:
        return Room()
    known = {
        name: Rate(name, n, recent or [], opens) for scope, name, n, recent, opens in rows if scope == RATE
    }
    active = _active(conn)
    left = {scope: n - active[scope] for scope, n in allowed.items() if scope[0] != RATE}
    left |= {(RATE, name): rate.left(moment) for name, rate in known.items() if (RATE, name) in wanted}
    return Room(left, active, {name: rate for name, rate in known.items() if (RATE, name) in left})


def record(conn: Connection, room: Room, taken: Iterable[Lane], moment: int) -> None:
    """Write down the starts of owners with a rate, and when those may start again that may not now."""
    if room.rates:
        started = Counter(lane.owner for lane in taken)
        rates.record(conn, room.rates, started, moment)


def _active(conn: Connection) -> Counter[Scope]:
    active: Counter[Scope] = Counter()
    for kind, owner, group, n in _ACTIVE.rows(conn):
        for scope in (("kind", kind), ("owner", owner), ("group", group)):
            active[scope] += n
    return active


def _set(conn: Connection, scope: Scope, n: int | None) -> None:
    if n is not None and not 0 <= n < 2**31:
        raise InvalidInput("A limit is a number from 0.")
    key = dict(zip(("scope", "name"), scope, strict=True))
    if n is None:
        conn.execute(delete(limits).filter_by(**key))
    else:
        insert = insert_into(conn, limits).values(n=n, **key)
        conn.execute(insert.on_conflict_do_update(index_elements=list(key), set_={"n": n, "opens": None}))
    events.append(conn, "limits", ":".join(scope), "changed", {"n": n})
