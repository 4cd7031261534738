"""Leasing jobs to workers, and keeping the leases alive.

A lease is the right to work on a job until it expires; heartbeats move that time. A worker that stops
sending them loses the lease, and the job is done again (`finishing.expire`). The lease of a job that is
to stop is not moved any more, so it ends even if its worker never obeys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, text, union_all, update

from shoal.base.bulk import Bulk
from shoal.base.clock import SECOND
from shoal.base.prepared import Prepared
from shoal.base.transaction import now, one_of
from shoal.jobs.model import Lease, Order, WorkerId
from shoal.jobs.states import Reason, State
from shoal.jobs.store import lanes, limits, notices, registry, sharing, tokens
from shoal.jobs.store.changes import tell
from shoal.jobs.store.choosing import choose
from shoal.jobs.store.tables import IS_TIMED, attempts, jobs
from shoal.jobs.store.tables import limits as limits_table

_DUE = select(jobs.c.id).where(text(IS_TIMED), jobs.c.due <= bindparam("moment")).order_by(jobs.c.due)
_WAKE = Prepared(
    update(jobs)
    .where(jobs.c.id.in_(_DUE.limit(10_000).with_for_update(skip_locked=True)))
    .values(waits=Reason.READY),
    "moment",
)
_SOONEST = Prepared(
    union_all(
        select(func.min(jobs.c.due)).where(text(IS_TIMED)),
        select(func.min(jobs.c.deadline)).where(jobs.c.deadline.is_not(None), jobs.c.waits.is_not(None)),
        select(func.min(attempts.c.expires)).where(attempts.c.expires.is_not(None)),
        select(func.min(limits_table.c.opens)).where(limits_table.c.opens > bindparam("lately")),
    ),
    "lately",
)


class _Taken(NamedTuple):
    """What of a job goes into its lease."""

    id: int
    lane: int
    generation: int
    attempts: int
    fence: int
    kind: str
    owner: str
    name: str
    spec: dict[str, Any]
    extra: dict[str, Any] | None
    timeout: float | None
    deadline: int | None
    array_index: int | None
    service: bool
    relaxed: bool


_TAKE = Prepared(
    update(jobs)
    .where(one_of(jobs.c.id, "chosen"))
    .values(state=State.LEASED, waits=None, due=None, attempts=jobs.c.attempts + 1, fence=jobs.c.fence + 1)
    .returning(*(jobs.c[name] for name in _Taken._fields)),
    "chosen",
)
_ADD_ATTEMPTS = Bulk(
    insert(attempts), "job", "fence", "generation", "number", "state", "secret", "worker", "host", "leased",
    "expires",
)  # fmt: skip
_RUN = update(jobs).where(jobs.c.id == bindparam("job")).values(state=State.RUNNING, started=bindparam("at"))
_LEASED = State.LEASED.value  # The driver takes longer over an enumeration's member than over a text.
_THIS_ATTEMPT = attempts.c.job == bindparam("of_job"), attempts.c.fence == bindparam("of_fence")
_RUN_ATTEMPT = (
    update(attempts)
    .where(*_THIS_ATTEMPT)
    .values(state=State.RUNNING, started=bindparam("at"), stop_at=bindparam("stop"))
)
_EXTEND = (
    update(attempts).where(*_THIS_ATTEMPT, attempts.c.expires.is_not(None)).values(expires=bindparam("until"))
)


def lease(
    conn: Connection,
    worker: WorkerId,
    n: int,
    labels: Sequence[str] = (),
    resources: Mapping[str, float] | None = None,
    kinds: Sequence[str] | None = None,
    seconds: float = 30.0,
) -> list[Lease]:
    """Lease at most n jobs that a worker can do: fairly between owners, the most urgent of each first.

    `labels` and `resources` are what the worker has (and now has free); it has the label `host:NAME` by
    itself. A job is leased to one worker only, however many ask at once; a draining worker gets none.
    """
    moment = now(conn)
    own = frozenset((*labels, f"host:{worker.host}"))
    free = dict(resources or {})
    registry.seen(conn, worker, own, free, kinds, moment)
    _wake_due(conn, moment)
    open_ = [lane for lane in lanes.ready(conn) if lane.fits(own, free, kinds)]
    if n < 1 or not open_ or registry.is_draining(conn, worker):
        return []
    shared = sharing.are_several(open_)
    room = limits.room(conn, open_, moment, lock=True, count=shared)
    chosen = choose(conn, open_, room, free, n, moment)
    limits.record(conn, room, (lane for _, _, lane in chosen), moment)
    if shared and chosen:
        sharing.record(conn, (lane for _, _, lane in chosen), moment)
    ids = [job for _, job, _ in chosen]
    return _take(conn, worker, ids, {lane.id: lane for lane in open_}, moment, seconds) if ids else []


def start(conn: Connection, token: str) -> bool:
    """Record that an attempt runs now, and with it its timeout; False when the token is stale."""
    return start_many(conn, [token])[0]


def start_many(conn: Connection, given: Sequence[str]) -> list[bool]:
    """Do what `start` does for many tokens."""
    moment = now(conn)
    held = tokens.held(conn, given, lock=True)
    rows = [row for row in held.values() if row.state == State.LEASED]
    if rows:
        conn.execute(_RUN, [{"job": row.id, "at": row.started or moment} for row in rows])
        conn.execute(
            _RUN_ATTEMPT,
            [{**_attempt_of(row), "at": moment, "stop": _stop_at(row, moment)} for row in rows],
        )
    for row in rows:
        tell(conn, row.id, row.owner, row.kind, State.RUNNING, worker=row.attempt_worker)
    notices.announce(conn, [(row.id, State.RUNNING, row.webhook) for row in rows], moment)
    return [token in held for token in given]


def heartbeat(conn: Connection, worker: WorkerId, given: Sequence[str], seconds: float = 30.0) -> list[Order]:
    """Keep the leases of some tokens for so many seconds from now, and return those whose work must stop."""
    moment = now(conn)
    registry.alive(conn, worker, moment)
    held = tokens.held(conn, given, lock=False)
    orders = [order for token in given if (order := _order(token, held.get(token), moment)) is not None]
    stopped = {order.token for order in orders}
    until = moment + round(seconds * SECOND)
    kept = [{**_attempt_of(row), "until": until} for token, row in held.items() if token not in stopped]
    if kept:
        conn.execute(_EXTEND, kept)
    return orders


def next_due(conn: Connection) -> int | None:
    """Return when something next becomes due by itself (a wait, deadline or lease ends); None for never."""
    lately = now(conn) - SECOND  # A rate that opened just now is news; one from before has been looked at.
    return min((due for (due,) in _SOONEST.rows(conn, lately) if due is not None), default=None)


def _wake_due(conn: Connection, moment: int) -> None:
    """Make the jobs ready whose time has come."""
    _WAKE.run(conn, moment)


def _take(
    conn: Connection,
    worker: WorkerId,
    chosen: Sequence[int],
    open_: Mapping[int, lanes.Lane],
    moment: int,
    seconds: float,
) -> list[Lease]:
    expires = moment + round(seconds * SECOND)
    rows = {row[0]: _Taken._make(row) for row in _TAKE.rows(conn, chosen)}
    leases: list[Lease] = []
    added: list[tuple[Any, ...]] = []
    for job, secret in zip(chosen, tokens.new_secrets(len(chosen)), strict=True):
        row = rows[job]
        leases.append(_lease(row, secret, open_[row.lane], expires))
        added.append(
            (job, row.fence, row.generation, row.attempts, _LEASED, tokens.digest(secret), worker.name,
             worker.host, moment, expires)
        )  # fmt: skip
    _ADD_ATTEMPTS.run(conn, added)
    return leases


def _lease(row: _Taken, secret: str, lane: lanes.Lane, expires: int) -> Lease:
    return Lease(
        job_id=row.id,
        generation=row.generation,
        attempt=row.attempts,
        token=f"{row.id}.{row.fence}.{secret}",
        kind=row.kind,
        owner=row.owner,
        name=row.name,
        spec=row.spec,
        extra=row.extra or {},
        labels=lane.labels,
        resources=lane.resources,
        timeout=row.timeout,
        deadline=row.deadline,
        array_index=row.array_index,
        service=row.service,
        relaxed=row.relaxed,
        expires=expires,
    )


def _attempt_of(row: tokens.Active) -> dict[str, int]:
    return {"of_job": row.id, "of_fence": row.fence}


def _stop_at(row: tokens.Active, moment: int) -> int | None:
    ends = [row.deadline] if row.deadline is not None else []
    if row.timeout is not None and not row.service:
        ends.append(moment + round(row.timeout * SECOND))
    return min(ends, default=None)


def _order(token: str, row: tokens.Active | None, moment: int) -> Order | None:
    if row is None:
        return Order(token, "stale")
    if row.state == State.CANCELLING:
        return Order(token, "cancelled")
    if row.attempt_stop_at is not None and row.attempt_stop_at <= moment:
        return Order(token, "deadline" if row.deadline == row.attempt_stop_at else "timeout")
    return None
