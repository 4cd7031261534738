"""Submitting jobs, and releasing drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

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
from shoal.jobs.store.changes import tell_many
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
    cached = caching.origins(conn, owner, _asking(numbered))
    inserting.put(conn, owner, _charged(conn, owner, numbered, cached), moment)
    dependencies.record(conn, links)
    naming.record(conn, {ids[p]: new[p].external_ids for p in fresh if new[p].external_ids})
    caching.end(conn, cached, moment)
    _tell(conn, owner, numbered, cached, moment)
    ending.settle(conn, ended | dict.fromkeys(cached, State.SUCCEEDED), moment, anew=False)
    return ids


def release(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Put drafts into the queue and return those that were drafts; a cached result ends one at once.

    Raises:
        TooManyRequests: an owner's quota is used up; none is released.
    """
    moment = now(conn)
    query = select(jobs).where(among(conn, jobs.c.id, ids), jobs.c.state == State.DRAFT)
    drafts = conn.execute(query.order_by(jobs.c.id).with_for_update()).all()
    cached = _cached(conn, drafts)
    charged = quotas.charge_for(conn, [(one.owner, one.kind) for one in drafts if one.id not in cached])
    for draft in drafts:
        _queue(conn, draft, charged=draft.owner in charged and draft.id not in cached, moment=moment)
    caching.end(conn, cached, moment)
    states = {draft.id: State.SUCCEEDED if draft.id in cached else State.QUEUED for draft in drafts}
    tell_many(conn, [(draft.id, draft.owner, draft.kind, states[draft.id].value) for draft in drafts])
    notices.announce(conn, [(draft.id, states[draft.id], draft.webhook) for draft in drafts], moment)
    ending.settle(conn, dict.fromkeys(cached, State.SUCCEEDED), moment, anew=False)
    return [draft.id for draft in drafts]


def _queue(conn: Connection, draft: Any, *, charged: bool, moment: int) -> None:
    waits, due, rank = place(
        moment, priority=draft.priority, not_before=draft.not_before, pending=draft.pending
    )
    costs = charged and quotas.is_charged(draft.kind)
    values = {"job": draft.id, "why": waits, "at": due, "place": rank, "costs": costs}
    conn.execute(_RELEASE, values)


def _cached(conn: Connection, drafts: Sequence[Any]) -> dict[int, int]:
    """Return those drafts that need not be done, with the jobs whose results they take."""
    asking: dict[str, dict[int, tuple[str, str]]] = {}
    for draft in drafts:
        if draft.cache_key and not draft.pending:
            asking.setdefault(draft.owner, {})[draft.id] = (draft.cache_key, draft.kind)
    return {
        id_: origin
        for owner, wanted in asking.items()
        for id_, origin in caching.origins(conn, owner, wanted).items()
    }


def _asking(new: Sequence[Numbered]) -> dict[int, tuple[str, str]]:
    """Return the jobs that would take a result: they join the queue, and what they wait for is there."""
    return {
        id_: (job.cache_key, job.kind)
        for id_, job, pending, _ in new
        if job.cache_key and not pending and not job.draft
    }


def _charged(
    conn: Connection, owner: str, new: Sequence[Numbered], cached: Mapping[int, int]
) -> Sequence[Numbered]:
    """Take what joins the queue off the owner's quota."""
    kinds = {kind for kind in {one.job.kind for one in new} if quotas.is_charged(kind)}
    if not kinds:
        return new
    costs = [one.job.kind in kinds and not one.job.draft and one.id not in cached for one in new]
    if not quotas.charge(conn, owner, sum(costs)):
        return new
    return [one._replace(charged=cost) for one, cost in zip(new, costs, strict=True)]


def _tell(
    conn: Connection, owner: str, new: Sequence[Numbered], cached: Mapping[int, int], moment: int
) -> None:
    states = [_DRAFT if one.job.draft else _SUCCEEDED if one.id in cached else _QUEUED for one in new]
    told = zip(new, states, strict=True)
    tell_many(conn, [(one.id, owner, one.job.kind, state) for one, state in told])
    hooked = [
        (one.id, state, asdict(one.job.webhook))
        for one, state in zip(new, states, strict=True)
        if one.job.webhook is not None
    ]
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
