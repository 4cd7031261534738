"""Telling those outside of what became of a job: a delivery for each change that its webhook names.

A delivery is a job of the house, handed in by the transaction that makes the change true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from shoal.base.clock import isoformat
from shoal.base.ids import new_id
from shoal.base.transaction import among
from shoal.jobs.model import HOUSE, HOUSE_LABEL, NewJob, Retry
from shoal.jobs.states import State
from shoal.jobs.store import inserting
from shoal.jobs.store.changes import tell_many
from shoal.jobs.store.tables import jobs

DELIVER = "webhook.deliver"
# Eight tries within about three hours; an answer that says no is final.
_RETRY = Retry(8, ("DeliveryFailed", "timeout", "lost"), backoff=5.0, factor=3.0, max_delay=3600.0)
_TIMEOUT = 30.0

Change = tuple[int, str, Mapping[str, Any] | None]  # job, its new state, its webhook as stored


def announce(conn: Connection, changes: Iterable[Change], moment: int) -> None:
    """Hand in deliveries for those changes that the jobs' webhooks name."""
    wanted = [
        (job, str(state), hook)
        for job, state, hook in changes
        if hook is not None and state in hook["events"]
    ]
    if not wanted:
        return
    query = select(jobs.c.id, jobs.c.name, jobs.c.kind, jobs.c.owner, jobs.c.error)
    found = {row.id: row for row in conn.execute(query.where(among(conn, jobs.c.id, [w[0] for w in wanted])))}
    new = [_delivery(found[job], state, hook, moment) for job, state, hook in wanted]
    ids = inserting.reserve(conn, len(new))
    inserting.put(conn, HOUSE, [inserting.Numbered(*one) for one in zip(ids, new, strict=True)], moment)
    tell_many(conn, [(id_, HOUSE, DELIVER, State.QUEUED.value) for id_ in ids])


def _delivery(job: Any, state: str, hook: Mapping[str, Any], moment: int) -> NewJob:
    body = {
        "id": job.id,
        "name": job.name,
        "kind": job.kind,
        "state": state,
        "owner": job.owner,
        "error": (job.error or {}).get("message", ""),
        "at": isoformat(moment),
    }
    spec = {"url": hook["url"], "delivery": new_id(), "body": body}
    return NewJob(DELIVER, spec, extra={"job": job.id}, labels=(HOUSE_LABEL,), retry=_RETRY, timeout=_TIMEOUT)
