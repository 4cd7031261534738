"""Submitting jobs, and releasing drafts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from shoal.base.transaction import among, now
from shoal.jobs.model import NewJob
from shoal.jobs.states import State
from shoal.jobs.store import dependencies, ending, idempotency, inserting, naming
from shoal.jobs.store.changes import tell, tell_many
from shoal.jobs.store.ranking import place
from shoal.jobs.store.tables import jobs
from shoal.jobs.store.validation import check

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
    numbered = [inserting.Numbered(ids[p], new[p], pending.get(ids[p], 0)) for p in fresh]
    inserting.put(conn, owner, numbered, moment)
    dependencies.record(conn, links)
    naming.record(conn, {ids[p]: new[p].external_ids for p in fresh if new[p].external_ids})
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
    unused = iter(inserting.reserve(conn, len(new)))
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
