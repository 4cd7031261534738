"""A job as its row and the rows beside it hold it, and the `Job` that they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from shoal.base.prepared import Prepared
from shoal.base.transaction import one_of
from shoal.jobs.model import Job, Progress
from shoal.jobs.states import Reason, State
from shoal.jobs.store import blocking
from shoal.jobs.store.retrying import retry_of
from shoal.jobs.store.tables import externals, jobs, lanes, progress


class Stored(NamedTuple):
    """The columns of `JOB`, in their order; a plain tuple, for jobs are read by the thousand."""

    id: int
    owner: str
    kind: str
    name: str
    state: str
    waits: str | None
    lane: int
    generation: int
    attempts: int
    priority: int
    spec: dict[str, Any]
    extra: dict[str, Any] | None
    result: Any
    error: dict[str, Any] | None
    retry: dict[str, Any] | None
    not_before: int | None
    deadline: int | None
    timeout: float | None
    parent: int | None
    array_index: int | None
    idempotency_key: str | None
    service: bool
    relaxed: bool
    created: int
    due: int | None
    started: int | None
    ended: int | None
    labels: list[str]
    resources: dict[str, float]
    progress_done: float | None
    progress_total: float | None
    progress_note: str | None
    progress_at: int | None


JOB: Select[Any] = (
    select(
        *(jobs.c[name] for name in Stored._fields if name in jobs.c),
        *(lanes.c.labels, lanes.c.resources),
        *(progress.c.done, progress.c.total, progress.c.note, progress.c.at),
    )
    .join(lanes, lanes.c.id == jobs.c.lane)
    .outerjoin(progress, (progress.c.job == jobs.c.id) & (progress.c.fence == jobs.c.fence))
)
_NAMES = Prepared(
    select(externals.c.job, externals.c.face, externals.c.external_id).where(one_of(externals.c.job, "ids")),
    "ids",
)


def to_jobs(conn: Connection, rows: Sequence[Sequence[Any]]) -> list[Job]:
    """Return the jobs that rows of `JOB` mean."""
    if not rows:
        return []
    stored = [Stored._make(row) for row in rows]
    reasons = blocking.reasons(conn, {row.lane for row in stored if row.waits == Reason.READY})
    names: dict[int, dict[str, str]] = {}
    for job, face, external_id in _NAMES.rows(conn, [row.id for row in stored]):
        names.setdefault(job, {})[face] = external_id
    return [_to_job(row, _reason(row, reasons), names.get(row.id) or {}) for row in stored]


def _reason(row: Stored, reasons: Mapping[int, Reason]) -> Reason | None:
    if row.waits is None:
        return None
    return reasons[row.lane] if row.waits == Reason.READY else Reason(row.waits)


def _to_job(row: Stored, reason: Reason | None, names: dict[str, str]) -> Job:
    return Job(
        id=row.id,
        owner=row.owner,
        kind=row.kind,
        name=row.name,
        state=State(row.state),
        reason=reason,
        generation=row.generation,
        attempts=row.attempts,
        priority=row.priority,
        labels=tuple(row.labels),
        resources=row.resources,
        spec=row.spec,
        extra=row.extra or {},
        result=row.result,
        error=row.error,
        retry=retry_of(row.retry),
        not_before=row.not_before,
        deadline=row.deadline,
        timeout=row.timeout,
        parent=row.parent,
        array_index=row.array_index,
        idempotency_key=row.idempotency_key,
        service=row.service,
        relaxed=row.relaxed,
        created=row.created,
        due=row.due,
        started=row.started,
        ended=row.ended,
        progress=_to_progress(row),
        external_ids=names,
    )


def _to_progress(row: Stored) -> Progress | None:
    done, note, at = row.progress_done, row.progress_note, row.progress_at
    if done is None or note is None or at is None:
        return None
    return Progress(done, row.progress_total, note, at)
