"""Submitting jobs, and releasing drafts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from shoal.base.bulk import Bulk
from shoal.base.errors import Conflict
from shoal.base.prepared import Prepared
from shoal.base.schema import dumps
from shoal.base.transaction import among, is_postgres, now
from shoal.jobs.model import DEFAULT_RETRY, NewJob
from shoal.jobs.states import State
from shoal.jobs.store import dependencies, ending, idempotency, lanes
from shoal.jobs.store.changes import tell, tell_many
from shoal.jobs.store.ranking import place
from shoal.jobs.store.tables import externals, jobs
from shoal.jobs.store.validation import check

_INSERT = Bulk(
    insert(jobs), "id", "owner", "kind", "name", "state", "waits", "lane", "rank", "due", "pending",
    "generation", "attempts", "fence", "priority", "not_before", "deadline", "timeout", "retry", "parent",
    "array_index", "idempotency_key", "fingerprint", "service", "relaxed", "created", "extra", "spec",
)  # fmt: skip
_NEXT_IDS = text("SELECT nextval(pg_get_serial_sequence('jobs', 'id')) FROM generate_series(1, :n)")
_LAST_ID = Prepared(text("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").columns(jobs.c.id))
_DRAFT, _QUEUED = str(State.DRAFT), str(State.QUEUED)
_RELEASE = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(state=State.QUEUED, waits=bindparam("why"), due=bindparam("at"), rank=bindparam("place"))
)


def submit(conn: Connection, owner: str, new: Sequence[NewJob]) -> list[int]:
    """Submit jobs and return their ids, in order; all or none.

    A job whose idempotency key the owner has used before is not made again: its first id is returned.

    Raises:
        InvalidInput: a job cannot be kept or done.
        NotFound: a job waits for one that is not there.
        Conflict: an idempotency key stands for another job, or an external id is taken.
    """
    check(new)
    if not new:
        return []
    ids, fresh = _numbered(conn, owner, new)
    moment = now(conn)
    links = [link for p in fresh if new[p].after for link in dependencies.links_of(ids[p], new[p], ids)]
    own = {ids[p] for p in fresh}
    ended = dependencies.ended_among(conn, (link.upstream for link in links if link.upstream not in own))
    pending: dict[int, int] = {}
    for link in links:
        pending[link.job] = pending.get(link.job, 0) + 1
    rows = _rows(conn, owner, [(ids[p], new[p], pending.get(ids[p], 0)) for p in fresh], moment)
    _INSERT.run(conn, rows)
    dependencies.record(conn, links)
    _name_externally(conn, ((ids[p], new[p].external_ids) for p in fresh if new[p].external_ids))
    tell_many(conn, [(ids[p], owner, new[p].kind, _DRAFT if new[p].draft else _QUEUED) for p in fresh])
    ending.settle(conn, ended, moment, anew=False)
    return ids


def release(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Put drafts into the queue and return those that were drafts."""
    moment = now(conn)
    query = select(jobs).where(among(conn, jobs.c.id, ids), jobs.c.state == State.DRAFT)
    drafts = conn.execute(query.order_by(jobs.c.id).with_for_update()).all()
    for draft in drafts:
        waits, due, rank = place(
            moment, priority=draft.priority, not_before=draft.not_before, pending=draft.pending
        )
        conn.execute(_RELEASE, {"job": draft.id, "why": waits, "at": due, "place": rank})
        tell(conn, draft.id, draft.owner, draft.kind, State.QUEUED)
    return [draft.id for draft in drafts]


def _numbered(conn: Connection, owner: str, new: Sequence[NewJob]) -> tuple[list[int], list[int]]:
    """Return an id for every job, and the positions of those that have to be made."""
    by_key = idempotency.known(conn, owner, new)
    unused = iter(_reserve(conn, len(new)))
    ids: list[int] = []
    fresh: list[int] = []
    for position, job in enumerate(new):
        key = job.idempotency_key
        if key is None or key not in by_key:
            fresh.append(position)
            ids.append(next(unused))
            if key is not None:
                by_key[key] = ids[-1]
        else:
            ids.append(by_key[key])
    return ids, fresh


def _reserve(conn: Connection, n: int) -> Sequence[int]:
    """Return n ids that nobody else gets; on SQLite nobody else writes."""
    if is_postgres(conn):
        return conn.execute(_NEXT_IDS, {"n": n}).scalars().all()
    last = next((seq for (seq,) in _LAST_ID.rows(conn)), 0)
    return range(last + 1, last + 1 + n)


def _rows(
    conn: Connection, owner: str, numbered: Sequence[tuple[int, NewJob, int]], moment: int
) -> list[tuple[Any, ...]]:
    keys = [lanes.key_of(owner, job.kind, job.labels, job.resources) for _, job, _ in numbered]
    lane_ids = lanes.ensure(conn, keys) if keys else {}
    return [
        _row(owner, job, id_, lane_ids[key], pending, moment)
        for (id_, job, pending), key in zip(numbered, keys, strict=True)
    ]


def _row(owner: str, job: NewJob, id_: int, lane: int, pending: int, moment: int) -> tuple[Any, ...]:
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
    )


def _name_externally(conn: Connection, named: Iterable[tuple[int, Mapping[str, str]]]) -> None:
    rows = [
        {"face": face, "external_id": external_id, "job": job}
        for job, names in named
        for face, external_id in names.items()
    ]
    if not rows:
        return
    try:
        conn.execute(insert(externals), rows)
    except IntegrityError as error:
        raise Conflict("An external id of this submission belongs to another job.") from error
