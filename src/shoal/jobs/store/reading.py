"""Reading jobs, their attempts and their earlier generations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from shoal.base.errors import NotFound
from shoal.base.transaction import among
from shoal.jobs.model import Attempt, Generation, Job, Progress
from shoal.jobs.states import Reason, State
from shoal.jobs.store import blocking, searching
from shoal.jobs.store.retrying import retry_of
from shoal.jobs.store.tables import attempts, externals, generations, jobs, lanes, progress

_PROGRESS = tuple(column.label(f"progress_{column.name}") for column in progress.c)
_JOB: Select[Any] = (
    select(jobs, lanes.c.labels, lanes.c.resources, *_PROGRESS)
    .join(lanes, lanes.c.id == jobs.c.lane)
    .outerjoin(progress, (progress.c.job == jobs.c.id) & (progress.c.fence == jobs.c.fence))
)


def get(conn: Connection, id_: int) -> Job:
    """Return a job; raises NotFound."""
    rows = conn.execute(_JOB.where(jobs.c.id == id_)).all()
    if not rows:
        raise NotFound(f"There is no job {id_}.", job=id_)
    return _to_jobs(conn, rows)[0]


def get_many(conn: Connection, ids: Sequence[int]) -> dict[int, Job]:
    """Return those of some jobs that are there, by id."""
    rows = conn.execute(_JOB.where(among(conn, jobs.c.id, ids))).all()
    return {job.id: job for job in _to_jobs(conn, rows)}


def find(
    conn: Connection,
    *,
    owners: Collection[str] | None = None,
    states: Collection[State] | None = None,
    kinds: Collection[str] | None = None,
    name: str | None = None,
    parent: int | None = None,
    extra: Mapping[str, Any] | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Job]:
    """Return jobs that fit every filter given, the newest first; `before` is the last id of the page before.

    `extra` asks for equality in the job's own `extra`, at any depth: `{"sample": {"site": 4}}`.

    Raises:
        InvalidInput: `extra` asks for what cannot be searched.
    """
    query = _JOB.order_by(jobs.c.id.desc()).limit(limit)
    for column, values in ((jobs.c.owner, owners), (jobs.c.state, states), (jobs.c.kind, kinds)):
        if values is not None:
            query = query.where(column.in_(list(values)))
    if name is not None:
        query = query.where(jobs.c.name == name)
    if parent is not None:
        query = query.where(jobs.c.parent == parent)
    if before is not None:
        query = query.where(jobs.c.id < before)
    if extra:
        query = query.where(*searching.equal(conn, jobs.c.extra, extra))
    return _to_jobs(conn, conn.execute(query).all())


def states(conn: Connection, ids: Sequence[int]) -> dict[int, State]:
    """Return the states of those of some jobs that are there."""
    rows = conn.execute(select(jobs.c.id, jobs.c.state).where(among(conn, jobs.c.id, ids)))
    return {id_: State(state) for id_, state in rows}


def counts(
    conn: Connection,
    *,
    owners: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    parent: int | None = None,
) -> dict[State, int]:
    """Return how many jobs there are in each state, 0 for none."""
    query = select(jobs.c.state, func.count()).group_by(jobs.c.state)
    for column, values in ((jobs.c.owner, owners), (jobs.c.kind, kinds)):
        if values is not None:
            query = query.where(column.in_(list(values)))
    if parent is not None:
        query = query.where(jobs.c.parent == parent)
    found = {state: n for state, n in conn.execute(query)}
    return {state: found.get(state, 0) for state in State}


def attempts_of(conn: Connection, id_: int) -> list[Attempt]:
    """Return the attempts at a job over all its generations, oldest first."""
    rows = conn.execute(select(attempts).where(attempts.c.job == id_).order_by(attempts.c.fence))
    return [_to_attempt(row) for row in rows]


def generations_of(conn: Connection, id_: int) -> list[Generation]:
    """Return how the earlier generations of a job ended, oldest first."""
    rows = conn.execute(
        select(generations).where(generations.c.job == id_).order_by(generations.c.generation)
    )
    return [
        Generation(r.job, r.generation, State(r.state), r.attempts, r.started, r.ended, r.error, r.result)
        for r in rows
    ]


def resolve_external(conn: Connection, face: str, external_id: str) -> int | None:
    """Return the job that a face knows by an id of its own, None when there is none."""
    query = select(externals.c.job).where(externals.c.face == face, externals.c.external_id == external_id)
    return conn.execute(query).scalar()


def _to_jobs(conn: Connection, rows: Sequence[Row[Any]]) -> list[Job]:
    reasons = blocking.reasons(conn, {row.lane for row in rows if row.waits == Reason.READY})
    names: dict[int, dict[str, str]] = {}
    if rows:
        found = conn.execute(select(externals).where(among(conn, externals.c.job, [row.id for row in rows])))
        for face, external_id, job in found:
            names.setdefault(job, {})[face] = external_id
    return [_to_job(row, _reason(row, reasons), names.get(row.id, {})) for row in rows]


def _reason(row: Row[Any], reasons: Mapping[int, Reason]) -> Reason | None:
    if row.waits is None:
        return None
    return reasons[row.lane] if row.waits == Reason.READY else Reason(row.waits)


def _to_job(row: Row[Any], reason: Reason | None, names: dict[str, str]) -> Job:
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
        retry=retry_of(row),
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


def _to_progress(row: Row[Any]) -> Progress | None:
    if row.progress_job is None:
        return None
    return Progress(row.progress_done, row.progress_total, row.progress_note, row.progress_at)


def _to_attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        job=row.job,
        fence=row.fence,
        generation=row.generation,
        number=row.number,
        state=State(row.state),
        worker=row.worker,
        host=row.host,
        leased=row.leased,
        started=row.started,
        ended=row.ended,
        expires=row.expires,
        exit_code=row.exit_code,
        peak_memory=row.peak_memory,
        error=row.error,
        log=row.log,
    )
