"""Jobs by the ids of this face."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from shoal.access import Action, Actor, Resource, require, visible
from shoal.access.decisions import missing
from shoal.jobs.model import Job
from shoal.jobs.store import reading
from shoal.jobs.store.tables import externals, jobs
from shoal.server.jobserver.document import FACE

MOST = 10_000
_JOBS = select(jobs.c.id).join(externals, externals.c.job == jobs.c.id).where(externals.c.face == FACE)


def found_job(conn: Connection, actor: Actor, action: Action, id_: str) -> Job:
    """Return a job that an actor may do something to; raises NotFound and Forbidden."""
    number = reading.resolve_external(conn, FACE, id_)
    if number is None:
        raise missing("job", id_)
    found = reading.get(conn, number)
    require(actor, action, Resource("job", id_, found.owner))
    return found


def find_jobs(
    conn: Connection, actor: Actor, where: Sequence[ColumnElement[bool]] = ()
) -> tuple[int, list[Job]]:
    """Return how many of this face's jobs that an actor may see fit, and the first `MOST` of them."""
    query = _JOBS.where(visible(actor, jobs.c.owner), *where)
    total = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    ids = conn.execute(query.order_by(jobs.c.id).limit(MOST)).scalars().all()
    found = reading.get_many(conn, ids)
    return total, [found[id_] for id_ in ids]
