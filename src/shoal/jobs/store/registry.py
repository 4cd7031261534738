"""Who works: the workers that asked for jobs lately, and what they can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shoal.base import events
from shoal.base.clock import SECOND
from shoal.base.errors import NotFound
from shoal.base.prepared import Prepared
from shoal.jobs.model import WorkerId
from shoal.jobs.store.lanes import Lane
from shoal.jobs.store.tables import workers

# A worker counts as there for so long after its last sign; signs are written down no oftener than `STALE`.
GONE = 60 * SECOND
STALE = 10 * SECOND
_OFFERED = ("host", "labels", "resources", "kinds", "seen")


def _upsert(new: postgresql.Insert | sqlite.Insert) -> postgresql.Insert | sqlite.Insert:
    fresh = new.excluded
    differs = or_(
        workers.c.seen < bindparam("stale"),
        workers.c.labels != fresh.labels,
        workers.c.resources != fresh.resources,
    )
    values = {name: fresh[name] for name in _OFFERED}
    return new.on_conflict_do_update(index_elements=["name"], set_=values, where=differs)


_COLUMNS = {name: bindparam(name, type_=workers.c[name].type) for name in ("name", *_OFFERED)}
_GIVEN = (*_COLUMNS, "stale")
_SEEN = {
    "sqlite": Prepared(_upsert(sqlite.insert(workers).values(_COLUMNS)), *_GIVEN),
    "postgresql": Prepared(_upsert(postgresql.insert(workers).values(_COLUMNS)), *_GIVEN),
}
_ALIVE = (
    update(workers)
    .where(workers.c.name == bindparam("worker"), workers.c.seen < bindparam("stale"))
    .values(seen=bindparam("at"))
)


_DRAINING = Prepared(select(workers.c.draining).where(workers.c.name == bindparam("worker")), "worker")


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker and what it last offered; `kinds` None means any. A draining one is given no more jobs."""

    name: str
    host: str
    labels: frozenset[str]
    resources: dict[str, float]
    kinds: tuple[str, ...] | None
    seen: int
    draining: bool = False

    def can_do(self, lane: Lane) -> bool:
        """Say whether it has what the jobs of a lane ask for, as far as what it last had free tells."""
        return lane.fits(self.labels, self.resources, self.kinds)


def seen(
    conn: Connection,
    worker: WorkerId,
    labels: frozenset[str],
    resources: Mapping[str, float],
    kinds: Sequence[str] | None,
    moment: int,
) -> None:
    """Write down that a worker asked for jobs, and what it offers."""
    known = None if kinds is None else list(kinds)
    _SEEN[conn.dialect.name].run(
        conn, worker.name, worker.host, sorted(labels), dict(resources), known, moment, moment - STALE
    )


def alive(conn: Connection, worker: WorkerId, moment: int) -> None:
    """Write down that a worker gave a sign of life."""
    conn.execute(_ALIVE, {"worker": worker.name, "stale": moment - STALE, "at": moment})


def drain(conn: Connection, worker: str, on: bool) -> None:
    """Give a worker no more jobs, or again; what it has it goes on with.

    Raises:
        NotFound: no worker of this name has asked for work lately.
    """
    asked = update(workers).where(workers.c.name == worker).values(draining=on)
    if not conn.execute(asked).rowcount:
        raise NotFound(f"There is no worker {worker!r}.", worker=worker)
    events.append(conn, "workers", worker, "draining" if on else "working", {})


def is_draining(conn: Connection, worker: WorkerId) -> bool:
    """Say whether a worker is to be given no more jobs."""
    return any(draining for (draining,) in _DRAINING.rows(conn, worker.name))


def present(conn: Connection, moment: int) -> list[Worker]:
    """Return the workers that gave a sign of life lately."""
    rows = conn.execute(select(workers).where(workers.c.seen > moment - GONE).order_by(workers.c.name))
    return [
        Worker(
            r.name, r.host, frozenset(r.labels), r.resources, r.kinds and tuple(r.kinds), r.seen, r.draining
        )
        for r in rows
    ]


def forget(conn: Connection, before: int) -> int:
    """Delete the workers that were last seen before a time."""
    return conn.execute(delete(workers).where(workers.c.seen < before)).rowcount
