"""Reading jobs, their attempts and their earlier generations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TextClause,
    bindparam,
    func,
    select,
    text,
    union_all,
)

from shoal.base.errors import NotFound
from shoal.base.prepared import Prepared
from shoal.base.transaction import among, one_of
from shoal.jobs.model import Attempt, Generation, Job
from shoal.jobs.states import State
from shoal.jobs.store.selecting import Filters, conditions
from shoal.jobs.store.stored import JOB, to_jobs
from shoal.jobs.store.tables import (
    IS_BLOCKED,
    IS_DRAFT,
    IS_ENDED,
    IS_READY,
    IS_TIMED,
    attempts,
    externals,
    generations,
    jobs,
    lanes,
)

_ONE = Prepared(JOB.where(jobs.c.id == bindparam("wanted")), "wanted")
_ATTEMPT = select(*(attempts.c[name] for name in Attempt._fields))
_GENERATION = select(*(generations.c[name] for name in Generation._fields))
_MANY = Prepared(JOB.where(one_of(jobs.c.id, "ids")), "ids")


def get(conn: Connection, id_: int) -> Job:
    """Return a job; raises NotFound."""
    found = to_jobs(conn, _ONE.rows(conn, id_))
    if not found:
        raise NotFound(f"There is no job {id_}.", job=id_)
    return found[0]


def get_many(conn: Connection, ids: Sequence[int]) -> dict[int, Job]:
    """Return those of some jobs that are there, by id."""
    return {job.id: job for job in to_jobs(conn, _MANY.rows(conn, ids))}


def find(
    conn: Connection, *, before: int | None = None, limit: int = 100, **filters: Unpack[Filters]
) -> list[Job]:
    """Return jobs that fit every filter given, the newest first; `before` is the last id of the page before.

    Raises:
        InvalidInput: a filter asks for what cannot be searched.
    """
    query = JOB.where(*conditions(conn, **filters)).order_by(jobs.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return to_jobs(conn, conn.execute(query).all())


def states(conn: Connection, ids: Sequence[int]) -> dict[int, State]:
    """Return the states of those of some jobs that are there."""
    rows = conn.execute(select(jobs.c.id, jobs.c.state).where(among(conn, jobs.c.id, ids)))
    return {id_: State(state) for id_, state in rows}


def counts(
    conn: Connection,
    *,
    owners: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    parent: int | None = None,
) -> dict[State, int]:
    """Return how many jobs there are in each state, 0 for none; without `parent` from indexes alone."""
    if parent is None:
        parts = union_all(*(_counted(text(where)) for where in _PARTS), _COUNTED_ACTIVE).subquery()
    else:
        parts = _counted(jobs.c.parent == parent).subquery()
    query = select(parts.c.state, func.sum(parts.c.n)).join(lanes, lanes.c.id == parts.c.lane)
    for column, values in ((lanes.c.owner, owners), (lanes.c.kind, kinds)):
        if values is not None:
            query = query.where(column.in_(list(values)))
    found = {state: int(n) for state, n in conn.execute(query.group_by(parts.c.state))}
    return {state: found.get(state, 0) for state in State}


def _counted(*where: ColumnElement[bool] | TextClause) -> Select[Any]:
    query = select(jobs.c.lane, jobs.c.state, func.count().label("n"))
    return query.where(*where).group_by(jobs.c.lane, jobs.c.state)


# Every job is in one of these, and each has an index of its own: no part reads the rows of ended jobs.
_PARTS = (IS_ENDED, IS_READY, IS_TIMED, IS_BLOCKED, IS_DRAFT)
_COUNTED_ACTIVE = (
    select(jobs.c.lane, jobs.c.state, func.count().label("n"))
    .select_from(attempts.join(jobs, jobs.c.id == attempts.c.job))
    .where(attempts.c.expires.is_not(None))
    .group_by(jobs.c.lane, jobs.c.state)
)


def attempts_of(conn: Connection, id_: int) -> list[Attempt]:
    """Return the attempts at a job over all its generations, oldest first."""
    rows = conn.execute(_ATTEMPT.where(attempts.c.job == id_).order_by(attempts.c.fence))
    return [Attempt(**{**row, "state": State(row["state"])}) for row in rows.mappings()]


def generations_of(conn: Connection, id_: int) -> list[Generation]:
    """Return how the earlier generations of a job ended, oldest first."""
    rows = conn.execute(_GENERATION.where(generations.c.job == id_).order_by(generations.c.generation))
    return [Generation(**{**row, "state": State(row["state"])}) for row in rows.mappings()]


def resolve_external(conn: Connection, face: str, external_id: str) -> int | None:
    """Return the job that a face knows by an id of its own, None when there is none."""
    query = select(externals.c.job).where(externals.c.face == face, externals.c.external_id == external_id)
    return conn.execute(query).scalar()
