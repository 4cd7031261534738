"""Writing new rows of jobs: their ids, their lanes, and what goes into each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, text

from shoal.base.bulk import Bulk
from shoal.base.prepared import Prepared
from shoal.base.schema import dumps
from shoal.base.transaction import is_postgres
from shoal.jobs.model import DEFAULT_RETRY, NewJob
from shoal.jobs.states import State
from shoal.jobs.store import idempotency, lanes
from shoal.jobs.store.ranking import place
from shoal.jobs.store.tables import jobs

# In the order of the table, or each row would have to be rearranged.
COLUMNS = (
    "id", "owner", "kind", "name", "state", "waits", "lane", "rank", "due", "pending", "generation",
    "attempts", "fence", "priority", "not_before", "deadline", "timeout", "retry", "parent", "array_index",
    "idempotency_key", "fingerprint", "service", "relaxed", "created", "extra", "spec", "webhook",
    "cache_key", "charged",
)  # fmt: skip
_INSERT = Bulk(insert(jobs), *COLUMNS)
_NEXT_IDS = text("SELECT nextval(pg_get_serial_sequence('jobs', 'id')) FROM generate_series(1, :n)")
_LAST_ID = Prepared(text("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").columns(jobs.c.id))
_DRAFT, _QUEUED = str(State.DRAFT), str(State.QUEUED)


class Numbered(NamedTuple):
    """A job with its id, how many jobs it waits for, and whether it was taken off its owner's quota."""

    id: int
    job: NewJob
    pending: int = 0
    charged: bool = False


def reserve(conn: Connection, n: int) -> Sequence[int]:
    """Return n ids that nobody else gets; on SQLite nobody else writes."""
    if is_postgres(conn):
        return conn.execute(_NEXT_IDS, {"n": n}).scalars().all()
    last = next((seq for (seq,) in _LAST_ID.rows(conn)), 0)
    return range(last + 1, last + 1 + n)


def put(conn: Connection, owner: str, numbered: Sequence[Numbered], moment: int) -> None:
    """Insert jobs."""
    _INSERT.run(conn, rows(conn, owner, numbered, moment))


def rows(conn: Connection, owner: str, numbered: Sequence[Numbered], moment: int) -> list[tuple[Any, ...]]:
    """Return what is in `COLUMNS` of some jobs; their lanes are made where they are missing."""
    keys = [lanes.key_of(owner, job.kind, job.labels, job.resources, job.group) for _, job, _, _ in numbered]
    lane_ids = lanes.ensure(conn, keys) if keys else {}
    return [_row(owner, one, lane_ids[key], moment) for one, key in zip(numbered, keys, strict=True)]


def _row(owner: str, numbered: Numbered, lane: int, moment: int) -> tuple[Any, ...]:
    id_, job, pending, charged = numbered
    waits, due, rank = place(moment, priority=job.priority, not_before=job.not_before, pending=pending)
    return (
        id_,
        owner,
        job.kind,
        job.name,
        _DRAFT if job.draft else _QUEUED,
        None if job.draft else waits,
        lane,
        rank,
        None if job.draft else due,
        pending,
        1,
        0,
        0,
        job.priority,
        job.not_before,
        job.deadline,
        job.timeout,
        None if job.retry is DEFAULT_RETRY else dumps(asdict(job.retry)),
        job.parent,
        job.array_index,
        job.idempotency_key,
        None if job.idempotency_key is None else idempotency.fingerprint(job),
        job.service,
        job.relaxed,
        moment,
        dumps(dict(job.extra)) if job.extra else None,
        dumps(dict(job.spec)) if job.spec else "{}",
        None if job.webhook is None else dumps(asdict(job.webhook)),
        job.cache_key,
        charged,
    )
