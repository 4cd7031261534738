"""Forgetting what has been kept long enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from shoal.base import events
from shoal.base.clock import SECOND
from shoal.base.transaction import now
from shoal.jobs.states import ENDS
from shoal.jobs.store import forgetting, registry
from shoal.jobs.store.tables import attempts, dependencies, jobs, lanes

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept after their end, in seconds; None for ever."""

    jobs: float | None = 90 * DAY
    logs: float | None = 30 * DAY
    events: float | None = 7 * DAY


@dataclass(frozen=True, slots=True)
class Collected:
    """What was forgotten; `logs` are storage keys that nothing names any more, for the caller to delete."""

    jobs: int
    events: int
    logs: tuple[str, ...]
    more: bool


def collect(
    conn: Connection, retention: Retention, *, kinds: Sequence[str] | None = None, batch: int = 1000
) -> Collected:
    """Forget at most `batch` ended jobs, their logs and old events; call again while there is `more`.

    A job stays while a job below it or one that waits for it has not ended, and while another job has its
    result. `kinds` restricts it to these.
    """
    moment = now(conn)
    old = _old_jobs(conn, retention, moment, kinds, batch)
    logs = _drop_logs(conn, retention, moment, batch)
    logs += [log for log in forgetting.forget(conn, old) if log not in logs]
    gone = 0 if retention.events is None else events.forget(conn, _before(moment, retention.events))
    registry.forget(conn, moment - DAY * SECOND)
    return Collected(len(old), gone, tuple(logs), len(old) == batch or len(logs) >= batch)


def _before(moment: int, seconds: float) -> int:
    return moment - round(seconds * SECOND)


def _old_jobs(
    conn: Connection, retention: Retention, moment: int, kinds: Sequence[str] | None, batch: int
) -> list[int]:
    if retention.jobs is None:
        return []
    child, waiting, copy = jobs.alias(), jobs.alias(), jobs.alias()
    has_copy = exists().where(copy.c.cached_from == jobs.c.id, copy.c.cached_from.is_not(None))
    has_child = exists().where(child.c.parent == jobs.c.id, child.c.state.not_in(ENDS))
    is_awaited = exists().where(
        dependencies.c.upstream == jobs.c.id,
        waiting.c.id == dependencies.c.job,
        waiting.c.state.not_in(ENDS),
    )
    # Every part of the index `ix_jobs_ended` is named, so that it leads to the old ones alone.
    of_kind = select(lanes.c.id) if kinds is None else select(lanes.c.id).where(lanes.c.kind.in_(list(kinds)))
    query = select(jobs.c.id).where(
        jobs.c.lane.in_(of_kind),
        jobs.c.state.in_(sorted(ENDS)),
        jobs.c.ended.is_not(None),
        jobs.c.ended < _before(moment, retention.jobs),
        ~has_child,
        ~is_awaited,
        ~has_copy,
    )
    return list(conn.execute(query.limit(batch)).scalars())


def _drop_logs(conn: Connection, retention: Retention, moment: int, batch: int) -> list[str]:
    """Take old log files off their attempts and return them."""
    if retention.logs is None:
        return []
    old = select(attempts.c.log).where(
        attempts.c.log.is_not(None), attempts.c.ended < _before(moment, retention.logs)
    )
    logs = list(conn.execute(old.limit(batch)).scalars())
    if logs:
        conn.execute(attempts.update().where(attempts.c.log.in_(logs)).values(log=None))
    return logs
