"""Cancelling jobs, and with them the jobs below them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from shoal.base.transaction import among, now
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import ending, families, notices
from shoal.jobs.store.changes import tell
from shoal.jobs.store.tables import jobs

_FAULT = {"kind": "cancelled", "message": "The job was cancelled."}
_STOP = update(jobs).where(jobs.c.id == bindparam("job")).values(state=State.CANCELLING)


def cancel(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Cancel jobs with all their children, and return those that this changes.

    What waits ends at once; what is active becomes `cancelling`, its worker is told by the next heartbeat or
    the event, and it ends when the worker answers or its lease runs out. What has ended stays as it is.
    """
    moment = now(conn)
    family = families.below(conn, ids)
    rows = conn.execute(
        select(jobs.c.id, jobs.c.owner, jobs.c.kind, jobs.c.state, jobs.c.webhook)
        .where(among(conn, jobs.c.id, family), jobs.c.state.not_in([*ENDS, State.CANCELLING]))
        .order_by(jobs.c.id)
        .with_for_update()
    ).all()
    active = [row for row in rows if row.state in (State.LEASED, State.RUNNING)]
    if active:
        conn.execute(_STOP, [{"job": row.id} for row in active])
    for row in active:
        tell(conn, row.id, row.owner, row.kind, State.CANCELLING)
    notices.announce(conn, [(row.id, State.CANCELLING, row.webhook) for row in active], moment)
    waiting = {row.id: _FAULT for row in rows if row.state not in (State.LEASED, State.RUNNING)}
    ending.settle(conn, ending.end_waiting(conn, waiting, State.CANCELLED, moment), moment)
    return [row.id for row in rows]
