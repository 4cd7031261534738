"""What waits in the queue, and why: a line for jobs of a lane that wait for the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select, text

from shoal.jobs.states import Reason
from shoal.jobs.store import blocking, lanes
from shoal.jobs.store.tables import IS_BLOCKED, IS_READY, IS_TIMED, jobs

# The job of a group that goes first: of the ready ones the lowest rank, of the others the lowest id.
_READY = (
    select(jobs.c.lane, func.count().label("n"), func.min(jobs.c.rank).label("rank"))
    .where(text(IS_READY))
    .group_by(jobs.c.lane)
)


class Group(NamedTuple):
    """Jobs of one lane that wait for the same; `first` is the one that goes next, `rank` its place."""

    reason: Reason
    lane: lanes.Lane
    number: int
    first: int
    rank: int | None


def waiting(conn: Connection, owners: Collection[str] | None = None) -> list[Group]:
    """Return what waits, the largest group first, in a few queries and one for each lane."""
    ready = conn.execute(_READY).all()
    held = [
        (Reason(waits), row.lane, row.n, row.first)
        for waits, where in (("time", IS_TIMED), ("dependency", IS_BLOCKED))
        for row in conn.execute(_held(where))
    ]
    known = lanes.by_id(conn, sorted({row.lane for row in ready} | {lane for _, lane, _, _ in held}))
    reasons = blocking.reasons(conn, [known[row.lane] for row in ready])
    found = [
        Group(reasons[row.lane], known[row.lane], row.n, _first(conn, row), row.rank)
        for row in ready
        if _wanted(known[row.lane], owners)
    ]
    found += [
        Group(why, known[lane], n, first, None)
        for why, lane, n, first in held
        if _wanted(known[lane], owners)
    ]
    return sorted(found, key=lambda group: -group.number)


def _held(where: str) -> Select[Any]:
    query = select(jobs.c.lane, func.count().label("n"), func.min(jobs.c.id).label("first"))
    return query.where(text(where)).group_by(jobs.c.lane)


def _first(conn: Connection, row: Any) -> int:
    query = select(func.min(jobs.c.id)).where(
        text(IS_READY), jobs.c.lane == row.lane, jobs.c.rank == row.rank
    )
    return int(conn.execute(query).scalar_one())


def _wanted(lane: lanes.Lane, owners: Collection[str] | None) -> bool:
    return owners is None or lane.owner in owners
