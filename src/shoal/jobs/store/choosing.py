"""Choosing the jobs that a worker gets next: the lowest ranks of the lanes that are open to it, by owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Connection, Integer, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from shoal.base import events
from shoal.base.prepared import Prepared
from shoal.base.transaction import is_postgres
from shoal.jobs.store import sharing
from shoal.jobs.store.lanes import Lane
from shoal.jobs.store.limits import Room
from shoal.jobs.store.sharing import Candidate
from shoal.jobs.store.tables import jobs

_ANY = 1 << 30

_HEAD = Prepared(
    text(
        """
    SELECT rank, id FROM jobs
    WHERE waits = 'ready' AND lane = :lane AND (deadline IS NULL OR deadline > :now)
    ORDER BY rank, id LIMIT :n
    """
    ).columns(jobs.c.rank, jobs.c.id),
    "lane",
    "now",
    "n",
)
# Every lane gives its first jobs that nobody else holds; they stay locked until the commit.
_HEADS = text(
    """
    SELECT j.rank, j.id, l.lane
    FROM unnest(:lanes, :caps) AS l(lane, cap)
    CROSS JOIN LATERAL (
        SELECT rank, id FROM jobs
        WHERE waits = 'ready' AND lane = l.lane AND (deadline IS NULL OR deadline > :now)
        ORDER BY rank, id LIMIT l.cap
        FOR UPDATE SKIP LOCKED
    ) AS j
    """
).bindparams(bindparam("lanes", type_=ARRAY(BigInteger)), bindparam("caps", type_=ARRAY(Integer)))


def choose(
    conn: Connection, lanes: Sequence[Lane], room: Room, free: Mapping[str, float], n: int, moment: int
) -> list[Candidate]:
    """Return at most n jobs of some lanes, fairly by owner and the most urgent first, within the limits."""
    most = {lane: _most(lane, room, free) for lane in lanes}
    caps = {lane: min(n, bound) for lane, bound in most.items() if bound > 0}
    if not caps:
        return []
    candidates = sorted(_heads(conn, caps, moment), key=_urgency)
    if sharing.are_several(caps) or any(bound != _ANY for bound in most.values()):
        chosen = sharing.fairly(candidates, room.active, n, _Taker(room, dict(free)).take)
    else:
        chosen = candidates[:n]
    if chosen and is_postgres(conn):
        _nudge(conn, caps, candidates, len(chosen))
    return chosen


class _Taker:
    """Weigh jobs one by one against what the limits and the resources leave."""

    def __init__(self, room: Room, free: dict[str, float]) -> None:
        self._room = room
        self._free = free

    def take(self, lane: Lane) -> bool:
        """Say whether there is room for one more job of a lane, and count it then."""
        if _most(lane, self._room, self._free) < 1:
            return False
        self._room.take(lane)
        for name, amount in lane.resources.items():
            self._free[name] -= amount
        return True


def _urgency(candidate: Candidate) -> tuple[int, int]:
    return candidate[0], candidate[1]


def _most(lane: Lane, room: Room, free: Mapping[str, float]) -> int:
    """Return how many jobs of a lane could be taken, `_ANY` when nothing bounds it."""
    bounds = [
        int((free.get(name, 0.0) + 1e-9) // amount) for name, amount in lane.resources.items() if amount
    ]
    if (left := room.of(lane)) is not None:
        bounds.append(left)
    return min(bounds, default=_ANY)


def _heads(conn: Connection, caps: Mapping[Lane, int], moment: int) -> list[Candidate]:
    if is_postgres(conn):
        by_id = {lane.id: lane for lane in caps}
        given = {"lanes": list(by_id), "caps": list(caps.values()), "now": moment}
        return [(rank, job, by_id[lane]) for rank, job, lane in conn.execute(_HEADS, given)]
    return [
        (rank, job, lane)
        for lane, cap in caps.items()
        for rank, job in _HEAD.rows(conn, lane.id, moment, cap)
    ]


def _nudge(conn: Connection, caps: Mapping[Lane, int], candidates: Sequence[Candidate], chosen: int) -> None:
    """Wake the other servers when jobs were locked but not taken, and someone may have found a lane empty."""
    if chosen == len(candidates):
        return
    found = Counter(lane for _, _, lane in candidates)
    if any(0 < found[lane] < cap for lane, cap in caps.items()):
        events.nudge(conn)
