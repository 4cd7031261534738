"""Sharing what is free between owners: who has the fewest active jobs goes first.

Among owners with as many, the one that has waited longest since it was last given a job goes first. Within
an owner it is the rank that decides.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush

from sqlalchemy import Connection, bindparam, select, update

from shoal.base.prepared import Prepared
from shoal.jobs.store.lanes import Lane
from shoal.jobs.store.tables import lanes

Candidate = tuple[int, int, Lane]  # rank, job, lane
# Whoever else counts at the same time may leave its mark instead: it is not worth waiting for.
_LANE = select(lanes.c.id).where(lanes.c.id == bindparam("lane"))
_SERVED = Prepared(
    update(lanes)
    .where(lanes.c.id.in_(_LANE.with_for_update(skip_locked=True, key_share=True)))
    .values(served=bindparam("at")),
    "lane",
    "at",
)


def are_several(open_: Iterable[Lane]) -> bool:
    """Say whether lanes belong to several owners."""
    return len({lane.owner for lane in open_}) > 1


def fairly(
    candidates: Iterable[Candidate],
    active: Mapping[tuple[str, str], int],
    n: int,
    take: Callable[[Lane], bool],
) -> list[Candidate]:
    """Return at most n candidates, owner by owner in turn.

    `candidates` come by rank. `take` says whether one of a lane can be taken, and counts it then; what
    cannot be taken once cannot be taken later.
    """
    queues: dict[str, deque[Candidate]] = {}
    served: dict[str, int] = {}
    for candidate in candidates:
        lane = candidate[2]
        queues.setdefault(lane.owner, deque()).append(candidate)
        served[lane.owner] = max(lane.served, served.get(lane.owner, 0))
    turns = [(active.get(("owner", o), 0), served[o], queue[0][:2], o) for o, queue in queues.items()]
    heapify(turns)
    latest = max(served.values(), default=0)
    chosen: list[Candidate] = []
    while turns and len(chosen) < n:
        busy, _, place, owner = heappop(turns)
        if (found := _first(queues[owner], take)) is not None:
            chosen.append(found)
            heappush(turns, (busy + 1, latest + len(chosen), place, owner))
    return chosen


def record(conn: Connection, chosen: Iterable[Lane], moment: int) -> None:
    """Write down which lanes gave jobs while several owners wanted to, in the order in which they did."""
    for lane, at in sorted({lane.id: moment + turn for turn, lane in enumerate(chosen)}.items()):
        _SERVED.run(conn, lane, at)


def _first(queue: deque[Candidate], take: Callable[[Lane], bool]) -> Candidate | None:
    while queue:
        candidate = queue.popleft()
        if take(candidate[2]):
            return candidate
    return None
