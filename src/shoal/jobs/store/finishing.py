"""Recording how attempts end: one result per generation of a job, whoever answers and however late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, null, select, text, update

from shoal.base.bulk import Bulk
from shoal.base.schema import dumps
from shoal.base.transaction import now
from shoal.jobs.model import Job, Outcome, WorkerId
from shoal.jobs.states import State
from shoal.jobs.store import ending, notices, tokens
from shoal.jobs.store.changes import brief, tell, tell_many
from shoal.jobs.store.reading import get
from shoal.jobs.store.retrying import Verdict, decide
from shoal.jobs.store.tables import attempts, jobs
from shoal.jobs.store.tokens import Active

Record = Callable[[Connection, Job, Any], None]

MAX_EXPIRED = 1000
_THIS_JOB = jobs.c.id == bindparam("job")
# An active job has neither `waits` nor `due`; to end it and leave them alone spares two indexes.
_END = Bulk(
    update(jobs)
    .where(_THIS_JOB)
    .values(
        state=bindparam("to_state"), attempts=bindparam("tries"), ended=bindparam("end"),
        error=bindparam("fault"), result=bindparam("found"),
    ),
    "to_state", "tries", "end", "fault", "found", "job",
)  # fmt: skip
_REQUEUE = Bulk(
    update(jobs)
    .where(_THIS_JOB)
    .values(
        state=bindparam("to_state"), attempts=bindparam("tries"), error=bindparam("fault"),
        waits=bindparam("why"), due=bindparam("at"), rank=bindparam("place"),
    ),
    "job", "to_state", "tries", "fault", "why", "at", "place",
)  # fmt: skip
_CLOSE = Bulk(
    update(attempts)
    .where(attempts.c.job == bindparam("of_job"), attempts.c.fence == bindparam("of_fence"))
    .values(
        state=bindparam("to_state"), ended=bindparam("end"), expires=null(), stop_at=null(),
        exit_code=bindparam("code"), peak_memory=bindparam("peak"), error=bindparam("fault"),
        log=bindparam("at"), facts=bindparam("told"),
    ),
    "to_state", "end", "code", "peak", "fault", "at", "told", "of_job", "of_fence",
)  # fmt: skip


def finish(conn: Connection, token: str, outcome: Outcome, record: Record | None = None) -> bool:
    """Record how an attempt ended; False, and nothing changes, when the token is stale.

    `record(conn, job, result)` runs in the same transaction when the job succeeds. A job that was being
    cancelled becomes cancelled whatever the outcome. An outcome with the state `queued` gives the job back
    unfinished, and the attempt is not counted.
    """
    return finish_many(conn, [(token, outcome)], record)[0]


def finish_many(
    conn: Connection, outcomes: Sequence[tuple[str, Outcome]], record: Record | None = None
) -> list[bool]:
    """Do what `finish` does for many attempts at once."""
    held = tokens.held(conn, [token for token, _ in outcomes], lock=True)
    given = {held[token].id: (held[token], outcome) for token, outcome in outcomes if token in held}
    moment = now(conn)
    succeeded = _settle(conn, list(given.values()), moment)
    if record is not None:
        for job in succeeded:
            record(conn, get(conn, job), given[job][1].result)
    return [token in held for token, _ in outcomes]


def expire(conn: Connection) -> int:
    """End what has run out of time, and return how many: leases of silent workers, timeouts, deadlines.

    A lost attempt counts; when its job may not be tried again the job becomes lost.
    """
    moment = now(conn)
    late = tokens.active().where(attempts.c.expires <= moment).limit(MAX_EXPIRED)
    found = conn.execute(late.with_for_update(of=jobs, skip_locked=True))
    rows = [Active._make(row) for row in found]
    _settle(conn, [(row, _overdue(row, moment)) for row in rows], moment)
    return len(rows) + _end_past_deadline(conn, moment)


def abandon(conn: Connection, *, worker: WorkerId | None = None, host: str | None = None) -> int:
    """End the attempts of a worker, or of all workers of a host, known to be dead; return how many."""
    whose: list[ColumnElement[bool]] = [attempts.c.expires.is_not(None)]
    if worker is not None:
        whose.append(attempts.c.worker == worker.name)
    if host is not None:
        whose.append(attempts.c.host == host)
    found = conn.execute(tokens.active().where(*whose).with_for_update(of=jobs))
    rows = [Active._make(row) for row in found]
    moment = now(conn)
    _settle(conn, [(row, _lost(row)) for row in rows], moment)
    return len(rows)


def take_back(conn: Connection, worker: WorkerId, known: Collection[int]) -> int:
    """Queue what a worker was given without its knowing, uncounted; `known` are the jobs it knows of."""
    given = tokens.active().where(attempts.c.worker == worker.name, attempts.c.expires.is_not(None))
    rows = [Active._make(row) for row in conn.execute(given.with_for_update(of=jobs))]
    unknown = [(row, Outcome(State.QUEUED)) for row in rows if row.id not in known]
    _settle(conn, unknown, now(conn))
    return len(unknown)


def _settle(conn: Connection, given: Sequence[tuple[Active, Outcome]], moment: int) -> list[int]:
    """Write down what becomes of active jobs and return those that succeeded."""
    if not given:
        return []
    decided = [(row, decide(row, outcome, moment)) for row, outcome in given]
    _END.run(conn, [_end(row, verdict, moment) for row, verdict in decided if verdict.ended])
    _REQUEUE.run(conn, [_place(row, verdict) for row, verdict in decided if not verdict.ended])
    closed = zip(given, decided, strict=True)
    _CLOSE.run(conn, [_closed(row, outcome, verdict, moment) for (row, outcome), (_, verdict) in closed])
    _tell(conn, decided)
    hooked = [(row.id, verdict.state, row.webhook) for row, verdict in decided if row.webhook]
    notices.announce(conn, hooked, moment)
    ending.settle(conn, {row.id: verdict.state for row, verdict in decided if verdict.ended}, moment)
    ending.stumbled(conn, {row.id: row.kind for row, v in decided if v.state is State.RETRYING})
    return [row.id for row, verdict in decided if verdict.state is State.SUCCEEDED]


def _tell(conn: Connection, decided: Sequence[tuple[Active, Verdict]]) -> None:
    tell_many(conn, [(row.id, row.owner, row.kind, str(v.state)) for row, v in decided if v.error is None])
    for row, verdict in decided:
        if verdict.error is not None:
            tell(conn, row.id, row.owner, row.kind, verdict.state, **brief(verdict.error))


def _end(row: Active, verdict: Verdict, moment: int) -> tuple[Any, ...]:
    error, result = _json(verdict.error), _json(verdict.result)
    return str(verdict.state), verdict.attempts, moment, error, result, row.id


def _place(row: Active, verdict: Verdict) -> tuple[Any, ...]:
    rank = row.rank if verdict.rank is None else verdict.rank
    return (
        row.id,
        str(verdict.state),
        verdict.attempts,
        _json(verdict.error),
        verdict.waits,
        verdict.due,
        rank,
    )


def _closed(row: Active, outcome: Outcome, verdict: Verdict, moment: int) -> tuple[Any, ...]:
    return (
        str((verdict if verdict.state is State.CANCELLED else outcome).state),
        moment,
        outcome.exit_code,
        outcome.peak_memory,
        _json(verdict.error),
        outcome.log,
        _json(outcome.facts),
        row.id,
        row.fence,
    )


def _json(value: Any) -> str | None:
    return None if value is None else dumps(value)


def _overdue(row: Active, moment: int) -> Outcome:
    if row.attempt_stop_at is None or row.attempt_stop_at > moment:
        return _lost(row)
    kind = "deadline" if row.attempt_stop_at == row.deadline else "timeout"
    return Outcome(State.FAILED, error={"kind": kind, "message": f"The attempt ran past its {kind}."})


def _lost(row: Active) -> Outcome:
    message = f"Worker {row.attempt_worker} stopped answering."
    return Outcome(State.LOST, error={"kind": "lost", "message": message})


def _end_past_deadline(conn: Connection, moment: int) -> int:
    late = select(jobs.c.id).where(jobs.c.deadline <= moment, text("waits IS NOT NULL")).limit(MAX_EXPIRED)
    ids = conn.execute(late.where(jobs.c.deadline.is_not(None))).scalars().all()
    fault: Mapping[str, Any] = {"kind": "deadline", "message": "The job's deadline passed while it waited."}
    ended = ending.end_waiting(conn, dict.fromkeys(ids, fault), State.FAILED, moment) if ids else {}
    ending.settle(conn, ended, moment)
    return len(ended)
