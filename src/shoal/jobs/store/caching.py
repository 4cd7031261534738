"""Results that need not be found again: a job takes what an earlier one of its owner found under its key."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select, text, update

from shoal.base.transaction import among
from shoal.jobs import kinds
from shoal.jobs.states import State
from shoal.jobs.store.reading import get
from shoal.jobs.store.tables import IS_CACHED, jobs

_source = jobs.alias("source")
_TAKE = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(
        state=State.SUCCEEDED, waits=None, due=None, started=bindparam("moment"), ended=bindparam("moment"),
        cached_from=bindparam("origin"),
        result=select(_source.c.result).where(_source.c.id == bindparam("origin")).scalar_subquery(),
    )
)  # fmt: skip


def origins(conn: Connection, owner: str, asking: Mapping[int, tuple[str, str]]) -> dict[int, int]:
    """Return for those jobs of an owner that need not be done whose result they take.

    `asking` holds each job's cache key and kind; the newest job with both that succeeded is the one.
    """
    if not asking:
        return {}
    keys = sorted({key for key, _ in asking.values()})
    query = select(jobs.c.cache_key, jobs.c.kind, jobs.c.id).where(
        text(IS_CACHED), jobs.c.owner == owner, among(conn, jobs.c.cache_key, keys)
    )
    newest = {(key, kind): id_ for key, kind, id_ in conn.execute(query.order_by(jobs.c.ended, jobs.c.id))}
    found = {id_: newest.get(wanted) for id_, wanted in asking.items()}
    return {id_: origin for id_, origin in found.items() if origin is not None}


def end(conn: Connection, cached: Mapping[int, int], moment: int) -> None:
    """End jobs at once with the results of others; what their kinds record is recorded."""
    if not cached:
        return
    conn.execute(_TAKE, [{"job": id_, "origin": origin, "moment": moment} for id_, origin in cached.items()])
    for id_ in cached:
        job = get(conn, id_)
        kind = kinds.registered().get(job.kind)
        if kind is not None and kind.record is not None:
            kind.record(conn, job, job.result)
