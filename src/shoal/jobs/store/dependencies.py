"""Jobs that wait for others: what was asked for, and what the end of one means for those that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, insert, literal, select, update

from shoal.base.errors import NotFound
from shoal.base.prepared import Prepared
from shoal.base.transaction import among, one_of
from shoal.jobs.model import NewJob
from shoal.jobs.states import ENDS, State
from shoal.jobs.store.tables import dependencies, jobs

_LINK = (dependencies.c.job, dependencies.c.upstream, dependencies.c.condition)
_IS_DECIDED = one_of(dependencies.c.upstream, "ended"), ~dependencies.c.settled
_DECIDED = Prepared(select(*_LINK).where(*_IS_DECIDED).order_by(*_LINK), "ended")
_SETTLE = update(dependencies).where(*_IS_DECIDED).values(settled=True)


class Link(NamedTuple):
    """One job that waits for another."""

    job: int
    upstream: int
    condition: str


def is_met(condition: str, state: State) -> bool:
    """Say whether an end is the one that was waited for."""
    return condition == "any" or (condition == "ok") == (state is State.SUCCEEDED)


def links_of(job: int, new: NewJob, ids: Sequence[int]) -> list[Link]:
    """Return what a submitted job waits for; `ids` are those of its submission, by position."""
    named = dict.fromkeys((ids[d.batch] if d.batch is not None else d.job, d.condition) for d in new.after)
    return [Link(job, upstream, condition) for upstream, condition in named if upstream is not None]


def record(conn: Connection, links: Sequence[Link]) -> None:
    """Keep what jobs wait for."""
    if links:
        conn.execute(insert(dependencies), [link._asdict() | {"settled": False} for link in links])


def ended_among(conn: Connection, ids: Iterable[int]) -> dict[int, State]:
    """Return those of some jobs that have ended, and keep the others from ending until the commit.

    Raises:
        NotFound: one is not there.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    query = select(jobs.c.id, jobs.c.state).where(among(conn, jobs.c.id, wanted)).order_by(jobs.c.id)
    states = {id_: State(state) for id_, state in conn.execute(query.with_for_update(read=True))}
    if missing := [id_ for id_ in wanted if id_ not in states]:
        raise NotFound(f"There is no job {missing[0]} to wait for.", job=missing[0])
    return {id_: state for id_, state in states.items() if state in ENDS}


def settle(conn: Connection, ended: Mapping[int, State]) -> list[Link]:
    """Return the links that some ends decide, and mark them as decided."""
    links = [Link(*row) for row in _DECIDED.rows(conn, list(ended))]
    if links:
        conn.execute(_SETTLE, {"ended": list(ended)})
    return links


def downstream(conn: Connection, id_: int) -> set[int]:
    """Return a job and all those that wait for it, however many are between."""
    found = select(literal(id_, BigInteger).label("job")).cte("downstream", recursive=True)
    further = select(dependencies.c.job).where(dependencies.c.upstream == found.c.job)
    return set(conn.execute(select(found.union(further).c.job)).scalars())
