"""Why ready jobs are not taken: a limit is reached, or no worker has what they ask for."""

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
    room = limits.room(conn, waited, lock=False)
    workers = registry.present(conn, now(conn))
    return {lane.id: _reason(lane, room, workers) for lane in waited}


def _reason(lane: lanes.Lane, room: limits.Room, workers: list[registry.Worker]) -> Reason:
    if room.of(lane) is not None and (room.of(lane) or 0) < 1:
        return Reason.LIMIT
    if workers and not any(worker.labels.issuperset(lane.labels) for worker in workers):
        return Reason.LABEL
    return Reason.READY
