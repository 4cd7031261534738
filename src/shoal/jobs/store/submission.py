"""Submitting jobs, and releasing drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, select, update

from shoal.base.transaction import among, now
from shoal.jobs.model import NewJob
from shoal.jobs.states import State
from shoal.jobs.store import (
    caching,
    dependencies,
    ending,
    idempotency,
    inserting,
    naming,
    notices,
    quotas,
)
from shoal.jobs.store.changes import tell, tell_many
from shoal.jobs.store.inserting import Numbered
from shoal.jobs.store.ranking import place
from shoal.jobs.store.tables import jobs
from shoal.jobs.store.validation import check

_DRAFT, _QUEUED, _SUCCEEDED = str(State.DRAFT), str(State.QUEUED), str(State.SUCCEEDED)
_RELEASE = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(
        state=State.QUEUED, waits=bindparam("why"), due=bindparam("at"), rank=bindparam("place"),
        charged=bindparam("costs"),
    )
)  # fmt: skip


def submit(conn: Connection, owner: str, new: Sequence[NewJob]) -> list[int]:
    """Submit jobs and return their ids, in order; all or none.

    A job whose idempotency key the owner has used before is not made again: its first id is returned.
    One whose cache key the owner has used for a job that succeeded has succeeded at once, as that did.

    Raises:
        InvalidInput: a job cannot be kept or done.
        NotFound: a job waits for one that is not there.
        Conflict: an idempotency key stands for another job, or an external id is taken.
        TooManyRequests: the owner's quota is used up.
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
    numbered = [Numbered(ids[p], new[p], pending.get(ids[p], 0)) for p in fresh]
    cached = caching.origins(conn, owner, numbered)
    inserting.put(conn, owner, _charged(conn, owner, numbered, cached), moment)
    dependencies.record(conn, links)
    naming.record(conn, {ids[p]: new[p].external_ids for p in fresh if new[p].external_ids})
    caching.end(conn, cached, moment)
    _tell(conn, owner, numbered, cached, moment)
    ending.settle(conn, ended | dict.fromkeys(cached, State.SUCCEEDED), moment, anew=False)
    return ids


def release(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Put drafts into the queue and return those that were drafts.

    Raises:
        TooManyRequests: an owner's quota is used up; none is released.
    """
    moment = now(conn)
    query = select(jobs).where(among(conn, jobs.c.id, ids), jobs.c.state == State.DRAFT)
    drafts = conn.execute(query.order_by(jobs.c.id).with_for_update()).all()
    charged = quotas.charge_for(conn, [(draft.owner, draft.kind) for draft in drafts])
    for draft in drafts:
        waits, due, rank = place(
            moment, priority=draft.priority, not_before=draft.not_before, pending=draft.pending
        )
        costs = draft.owner in charged and quotas.is_charged(draft.kind)
        values = {"job": draft.id, "why": waits, "at": due, "place": rank, "costs": costs}
        conn.execute(_RELEASE, values)
        tell(conn, draft.id, draft.owner, draft.kind, State.QUEUED)
    notices.announce(conn, [(draft.id, State.QUEUED, draft.webhook) for draft in drafts], moment)
    return [draft.id for draft in drafts]


def _charged(
    conn: Connection, owner: str, new: Sequence[Numbered], cached: Mapping[int, int]
) -> Sequence[Numbered]:
    """Take what joins the queue off the owner's quota."""
    costs = [quotas.is_charged(one.job.kind) and not one.job.draft and one.id not in cached for one in new]
    if not quotas.charge(conn, owner, sum(costs)):
        return new
    return [one._replace(charged=cost) for one, cost in zip(new, costs, strict=True)]


def _tell(
    conn: Connection, owner: str, new: Sequence[Numbered], cached: Mapping[int, int], moment: int
) -> None:
    changes = [
        (id_, job, _DRAFT if job.draft else _SUCCEEDED if id_ in cached else _QUEUED)
        for id_, job, _, _ in new
    ]
    tell_many(conn, [(id_, owner, job.kind, state) for id_, job, state in changes])
    hooked = [(id_, state, asdict(job.webhook)) for id_, job, state in changes if job.webhook is not None]
    notices.announce(conn, hooked, moment)


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
