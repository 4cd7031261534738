"""What follows from the end of a job: those that wait for it become ready, or fail in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, or_, select, update

from shoal.base.transaction import among
from shoal.jobs import kinds
from shoal.jobs.model import Job
from shoal.jobs.states import Reason, State
from shoal.jobs.store import dependencies, notices, quotas
from shoal.jobs.store.changes import brief, tell
from shoal.jobs.store.reading import get_many
from shoal.jobs.store.tables import jobs

_COUNT_DOWN = (
    update(jobs).where(jobs.c.id == bindparam("job")).values(pending=jobs.c.pending - bindparam("met"))
)
_END = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(state=bindparam("end"), error=bindparam("fault"), ended=bindparam("moment"), waits=None, due=None)
)
_BRIEF = (jobs.c.id, jobs.c.owner, jobs.c.kind)


def settle(conn: Connection, ended: Mapping[int, State], moment: int, *, anew: bool = True) -> None:
    """Let the ends of jobs take effect on those that wait for them, and on those that wait for these.

    `anew` is False for jobs that ended in an earlier transaction.
    """
    lost = [job for job, state in ended.items() if anew and state is not State.SUCCEEDED]
    while ended and (links := dependencies.settle(conn, ended)):
        broken: dict[int, Mapping[str, Any]] = {}
        met: Counter[int] = Counter()
        for link in links:
            if dependencies.is_met(link.condition, ended[link.upstream]):
                met[link.job] += 1
            else:
                broken[link.job] = _fault(link, ended[link.upstream])
        _count_down(conn, {job: n for job, n in met.items() if job not in broken}, moment)
        ended = _fail(conn, broken, moment)
        lost += ended
    if lost:
        quotas.give_back(conn, lost)
        _mourn(conn, lost)


def end_waiting(
    conn: Connection, faults: Mapping[int, Mapping[str, Any] | None], state: State, moment: int
) -> dict[int, State]:
    """End those of some jobs that are drafts or wait, and return them; `settle` is the caller's to call."""
    waiting = or_(jobs.c.waits.is_not(None), jobs.c.state == State.DRAFT)
    if not faults:
        return {}
    query = select(*_BRIEF, jobs.c.webhook).where(among(conn, jobs.c.id, list(faults)), waiting)
    rows = conn.execute(query.order_by(jobs.c.id).with_for_update()).all()
    if rows:
        conn.execute(
            _END, [{"job": r.id, "end": state, "fault": faults[r.id], "moment": moment} for r in rows]
        )
    for row in rows:
        tell(conn, row.id, row.owner, row.kind, state, **brief(faults[row.id]))
    notices.announce(conn, [(row.id, state, row.webhook) for row in rows], moment)
    return {row.id: state for row in rows}


def stumbled(conn: Connection, again: Mapping[int, str]) -> None:
    """Let kinds know which of their jobs, given with their kinds, are to be tried again."""
    known = kinds.registered()
    told = [job for job, name in again.items() if name in known and known[name].stumble is not None]
    _let_know(conn, told, lambda kind: kind.stumble)


def _mourn(conn: Connection, lost: Sequence[int]) -> None:
    """Let kinds know which of their jobs ended without success."""
    _let_know(conn, lost, lambda kind: kind.mourn)


def _let_know(
    conn: Connection, which: Sequence[int], who: Callable[[kinds.Kind], kinds.Mourn | None]
) -> None:
    known = kinds.registered()
    by_listener: dict[kinds.Mourn, list[Job]] = {}
    for job in get_many(conn, which).values() if which else ():
        if (kind := known.get(job.kind)) is not None and (listener := who(kind)) is not None:
            by_listener.setdefault(listener, []).append(job)
    for listener, found in by_listener.items():
        listener(conn, found)


def _count_down(conn: Connection, met: Mapping[int, int], moment: int) -> None:
    if not met:
        return
    conn.execute(_COUNT_DOWN, [{"job": job, "met": n} for job, n in sorted(met.items())])
    later = jobs.c.not_before > moment
    freed = conn.execute(
        update(jobs)
        .where(among(conn, jobs.c.id, list(met)), jobs.c.pending == 0, jobs.c.waits == Reason.DEPENDENCY)
        .values(
            waits=case((later, Reason.TIME), else_=Reason.READY),
            due=case((later, jobs.c.not_before), else_=moment),
        )
        .returning(*_BRIEF)
    )
    for row in freed.all():
        tell(conn, row.id, row.owner, row.kind, "ready")


def _fail(conn: Connection, faults: Mapping[int, Mapping[str, Any]], moment: int) -> dict[int, State]:
    return end_waiting(conn, faults, State.FAILED, moment) if faults else {}


def _fault(link: dependencies.Link, state: State) -> Mapping[str, Any]:
    wanted = "succeed" if link.condition == "ok" else "not succeed"
    message = f"Job {link.upstream} had to {wanted} first, and it {state}."
    return {"kind": "dependency", "message": message, "upstream": link.upstream}
