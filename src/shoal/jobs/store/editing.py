"""Changing what is there: a draft's content, what is noted of a job, and taking jobs away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, update

from shoal.base.bulk import Bulk
from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.base.transaction import among, now
from shoal.jobs.model import NewJob
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import dependencies, ending, families, forgetting, inserting, naming, validation
from shoal.jobs.store.changes import tell
from shoal.jobs.store.tables import dependencies as links_table
from shoal.jobs.store.tables import jobs

# What a draft keeps when its content changes: who it is, whose, since when, and under which key it was sent.
_KEPT = {
    "id", "owner", "state", "waits", "due", "generation", "attempts", "fence", "idempotency_key",
    "fingerprint", "created", "charged",
}  # fmt: skip
_CHANGED = tuple(name for name in inserting.COLUMNS if name not in _KEPT)
_REVISE = Bulk(
    update(jobs).where(jobs.c.id == bindparam("job")).values({n: bindparam(f"new_{n}") for n in _CHANGED}),
    *(f"new_{name}" for name in _CHANGED),
    "job",
)


class Removed(NamedTuple):
    """What was removed; `logs` are storage keys that nothing names any more, for the caller to delete."""

    jobs: list[int]
    logs: list[str]


def revise(conn: Connection, id_: int, new: NewJob) -> None:
    """Give a draft other content; its id, its external ids and its idempotency key stay.

    Raises:
        NotFound: there is no such job, or the new content waits for one that is not there.
        Conflict: the job is no draft any more, or an external id belongs to another job.
        InvalidInput: the new content cannot be kept or done.
    """
    validation.check([new])
    draft = _locked(conn, [id_])[0]
    if draft.state != State.DRAFT:
        hint = "Cancel it, or hand in another job."
        raise Conflict(f"Job {id_} is {draft.state}; only a draft can be changed.", hint=hint, job=id_)
    moment = now(conn)
    links, ended = _wait_anew(conn, id_, new)
    numbered = inserting.Numbered(id_, replace(new, draft=True), len(links))
    values = dict(
        zip(inserting.COLUMNS, inserting.rows(conn, draft.owner, [numbered], moment)[0], strict=True)
    )
    _REVISE.run(conn, [(*(values[name] for name in _CHANGED), id_)])
    naming.add(conn, id_, new.external_ids)
    tell(conn, id_, draft.owner, new.kind, "changed")
    ending.settle(conn, ended, moment, anew=False)


def annotate(conn: Connection, id_: int, extra: Mapping[str, Any]) -> None:
    """Put other free JSON beside a job, whatever its state; raises NotFound."""
    job = _locked(conn, [id_])[0]
    conn.execute(update(jobs).where(jobs.c.id == id_).values(extra=dict(extra) or None))
    tell(conn, id_, job.owner, job.kind, "changed")


def remove(conn: Connection, ids: Sequence[int]) -> Removed:
    """Take jobs away for good, with everything below them; all or none.

    Raises:
        NotFound: one is not there.
        Conflict: one of them, or one below, is neither a draft nor ended, or another job waits for it.
    """
    wanted = sorted(set(ids))
    _locked(conn, wanted)
    rows = _locked(conn, sorted(families.below(conn, wanted)))
    for row in rows:
        if row.state not in (*ENDS, State.DRAFT):
            raise Conflict(f"Job {row.id} is {row.state}.", hint="Cancel it first.", job=row.id)
    family = [row.id for row in rows]
    if (waiting := _waiting_for(conn, family)) is not None:
        raise Conflict(f"Job {waiting} waits for one of them.", hint="Cancel that first.", job=waiting)
    for row in rows:
        tell(conn, row.id, row.owner, row.kind, "removed")
    return Removed(family, forgetting.forget(conn, family))


def _locked(conn: Connection, ids: Iterable[int]) -> list[Any]:
    wanted = list(ids)
    query = select(jobs.c.id, jobs.c.owner, jobs.c.kind, jobs.c.state).order_by(jobs.c.id)
    rows = conn.execute(query.where(among(conn, jobs.c.id, wanted)).with_for_update()).all()
    if missing := sorted(set(wanted) - {row.id for row in rows}):
        raise NotFound(f"There is no job {missing[0]}.", job=missing[0])
    return list(rows)


def _wait_anew(conn: Connection, id_: int, new: NewJob) -> tuple[list[dependencies.Link], dict[int, State]]:
    """Replace what a draft waits for; return that, and who of those has ended."""
    links = dependencies.links_of(id_, new, [])
    if not {link.upstream for link in links}.isdisjoint(dependencies.downstream(conn, id_)):
        raise InvalidInput(f"Job {id_} would wait for itself.", job=id_)
    ended = dependencies.ended_among(conn, (link.upstream for link in links))
    conn.execute(delete(links_table).where(links_table.c.job == id_))
    dependencies.record(conn, links)
    return links, ended


def _waiting_for(conn: Connection, ids: Sequence[int]) -> int | None:
    """Return a job outside of a family that waits for one of it."""
    query = (
        select(jobs.c.id)
        .join(links_table, links_table.c.job == jobs.c.id)
        .where(among(conn, links_table.c.upstream, ids), jobs.c.state.not_in(ENDS))
        .where(~among(conn, jobs.c.id, ids))
    )
    return conn.execute(query.limit(1)).scalar()
