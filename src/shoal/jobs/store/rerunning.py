"""Running ended jobs again: a new generation, beside which the old results and attempts stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from shoal.base.errors import Conflict, NotFound
from shoal.base.transaction import among, now
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import dependencies, notices, quotas
from shoal.jobs.store.changes import tell
from shoal.jobs.store.ranking import place
from shoal.jobs.store.tables import dependencies as links_table
from shoal.jobs.store.tables import generations, jobs

_AGAIN = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(
        state=State.QUEUED, generation=jobs.c.generation + 1, attempts=0, waits=bindparam("why"),
        due=bindparam("at"), rank=bindparam("place"), pending=bindparam("missing"), started=None, ended=None,
        error=None, result=None, deadline=bindparam("until"), cached_from=None, charged=bindparam("costs"),
    )
)  # fmt: skip
_REOPEN = (
    update(links_table)
    .where(links_table.c.job == bindparam("of_job"), links_table.c.upstream == bindparam("of_upstream"))
    .values(settled=bindparam("is_settled"))
)


def rerun(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Queue ended jobs again and return them; a deadline that has passed holds no more.

    A job that waits for another waits again when that one is run again with it.

    Raises:
        NotFound: one is not there.
        Conflict: one has not ended, or waits for a job that ended otherwise than it needs.
        TooManyRequests: an owner's quota is used up; none is run.
    """
    wanted = sorted(set(ids))
    moment = now(conn)
    rows = conn.execute(
        select(jobs).where(among(conn, jobs.c.id, wanted)).order_by(jobs.c.id).with_for_update()
    ).all()
    _check(wanted, rows)
    missing = _missing(conn, wanted)
    conn.execute(insert(generations), [_generation(row) for row in rows])
    charged = quotas.charge_for(conn, [(row.owner, row.kind) for row in rows])
    conn.execute(_AGAIN, [_fresh(row, missing.get(row.id, 0), moment, charged) for row in rows])
    for row in rows:
        tell(conn, row.id, row.owner, row.kind, State.QUEUED, generation=row.generation + 1)
    notices.announce(conn, [(row.id, State.QUEUED, row.webhook) for row in rows], moment)
    return wanted


def _check(wanted: Sequence[int], rows: Sequence[Row[Any]]) -> None:
    states = {row.id: State(row.state) for row in rows}
    for id_ in wanted:
        if id_ not in states:
            raise NotFound(f"There is no job {id_}.", job=id_)
        if states[id_] not in ENDS:
            raise Conflict(
                f"Job {id_} has not ended, it is {states[id_]}.", hint="Cancel it, or wait.", job=id_
            )


def _missing(conn: Connection, wanted: Sequence[int]) -> Mapping[int, int]:
    """Return how many jobs each job waits for anew, and reopen what it waits for."""
    query = select(links_table, jobs.c.state).join(jobs, jobs.c.id == links_table.c.upstream)
    missing: dict[int, int] = {}
    reopened: list[dict[str, Any]] = []
    for link in conn.execute(query.where(among(conn, links_table.c.job, wanted))).all():
        state = State(link.state)
        open_ = link.upstream in wanted or state not in ENDS
        if not open_ and not dependencies.is_met(link.condition, state):
            raise Conflict(
                f"Job {link.job} waits for job {link.upstream}, which {state}.",
                hint=f"Run job {link.upstream} again too.",
                job=link.job,
            )
        missing[link.job] = missing.get(link.job, 0) + open_
        reopened.append({"of_job": link.job, "of_upstream": link.upstream, "is_settled": not open_})
    if reopened:
        conn.execute(_REOPEN, reopened)
    return missing


def _generation(row: Row[Any]) -> dict[str, Any]:
    return {
        "job": row.id,
        "generation": row.generation,
        "state": row.state,
        "attempts": row.attempts,
        "started": row.started,
        "ended": row.ended,
        "error": row.error,
        "result": row.result,
    }


def _fresh(row: Row[Any], missing: int, moment: int, charged: Collection[str]) -> dict[str, Any]:
    waits, due, rank = place(moment, priority=row.priority, not_before=row.not_before, pending=missing)
    until = row.deadline if row.deadline is not None and row.deadline > moment else None
    return {
        "job": row.id,
        "why": waits,
        "at": due,
        "place": rank,
        "missing": missing,
        "until": until,
        "costs": row.owner in charged and quotas.is_charged(row.kind),
    }
