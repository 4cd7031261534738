"""A job as its row and the rows beside it hold it, and the `Job` that they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from shoal.base.prepared import Prepared
from shoal.base.transaction import one_of
from shoal.jobs.model import Job, Progress, Webhook
from shoal.jobs.states import BY_NAME, Reason
from shoal.jobs.store import blocking, lanes
from shoal.jobs.store.retrying import retry_of
from shoal.jobs.store.tables import externals, jobs, progress

# Those columns of `JOB` that a `Job` has under the same name, in its order, and then the others.
_SAME = tuple(name for name in Job._fields if name in jobs.c and name != "webhook")
_OTHER = {
    "waits": jobs.c.waits,
    "lane": jobs.c.lane,
    "hook": jobs.c.webhook,
    "done": progress.c.done,
    "total": progress.c.total,
    "note": progress.c.note,
    "at": progress.c.at,
}
_NAMES = (*_SAME, *_OTHER)
JOB: Select[Any] = select(*(jobs.c[name] for name in _SAME), *_OTHER.values()).outerjoin(
    progress, (progress.c.job == jobs.c.id) & (progress.c.fence == jobs.c.fence)
)
_EXTERNAL = Prepared(
    select(externals.c.job, externals.c.face, externals.c.external_id).where(one_of(externals.c.job, "ids")),
    "ids",
)


def to_jobs(conn: Connection, rows: Sequence[Sequence[Any]]) -> list[Job]:
    """Return the jobs that rows of `JOB` mean."""
    if not rows:
        return []
    found = [dict(zip(_NAMES, row, strict=True)) for row in rows]
    known = lanes.by_id(conn, sorted({one["lane"] for one in found}))
    ready = {one["lane"] for one in found if one["waits"] == "ready"}
    reasons = blocking.reasons(conn, [known[lane] for lane in ready])
    external: dict[int, dict[str, str]] = {}
    for job, face, external_id in _EXTERNAL.rows(conn, [one["id"] for one in found]):
        external.setdefault(job, {})[face] = external_id
    return [_to_job(one, known, reasons, external) for one in found]


def webhook_of(document: Mapping[str, Any] | None) -> Webhook | None:
    """Return the webhook of a job from what is stored of it."""
    return None if document is None else Webhook(**{**document, "events": tuple(document["events"])})


def _to_job(
    one: dict[str, Any],
    known: Mapping[int, lanes.Lane],
    reasons: Mapping[int, Reason],
    external: Mapping[int, dict[str, str]],
) -> Job:
    """Return a job from the columns of its row by name, which are used up."""
    lane, waits = known[one.pop("lane")], one.pop("waits")
    done, total, note, at = one.pop("done"), one.pop("total"), one.pop("note"), one.pop("at")
    one["state"] = BY_NAME[one["state"]]
    one["reason"] = None if waits is None else reasons[lane.id] if waits == "ready" else Reason(waits)
    one["labels"], one["resources"], one["group"] = lane.labels, dict(lane.resources), lane.group
    one["webhook"] = webhook_of(one.pop("hook"))
    one["extra"] = one["extra"] or {}
    one["retry"] = retry_of(one["retry"])
    one["progress"] = None if at is None else Progress(done, total, note, at)
    one["external_ids"] = external.get(one["id"]) or {}
    return Job(**one)
