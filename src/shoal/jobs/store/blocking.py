"""Why ready jobs are not taken: a limit is reached, or no worker that has what they ask for takes any."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from shoal.base.transaction import now
from shoal.jobs.states import Reason
from shoal.jobs.store import lanes, limits, registry


def reasons(conn: Connection, waited: Collection[lanes.Lane]) -> dict[int, Reason]:
    """Return for each lane what its ready jobs wait for: a limit, a label, or only a free worker (ready)."""
    if not waited:
        return {}
    moment = now(conn)
    room = limits.room(conn, waited, moment, lock=False)
    workers = registry.present(conn, moment)
    return {lane.id: _reason(lane, room, workers) for lane in waited}


def _reason(lane: lanes.Lane, room: limits.Room, workers: list[registry.Worker]) -> Reason:
    if (short := room.shortage(lane)) is not None:
        return Reason.RATE if short[0] == limits.RATE else Reason.LIMIT
    able = [worker for worker in workers if worker.labels.issuperset(lane.labels)]
    if workers and not able:
        return Reason.LABEL
    return Reason.DRAIN if able and all(worker.draining for worker in able) else Reason.READY
