"""What infrastructures say when their newest pass failed: that it is tried again, or that it has ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from shoal.base.errors import ShoalError
from shoal.base.transaction import now
from shoal.infra.errors import PassEnded, PassStumbled
from shoal.infra.model import Infrastructure
from shoal.infra.states import Phase, State
from shoal.infra.store import reading, telling
from shoal.infra.store.tables import infrastructures
from shoal.jobs.model import Job


def mourn(conn: Connection, ended: Sequence[Job]) -> None:
    """Say of infrastructures that their newest pass ended before it said how; they can be healed."""
    for job in ended:
        for infra in _awaiting(conn, job):
            why = (job.error or {}).get("message") or job.state.value
            message = f"Its pass (job {job.id}) ended: {why}"
            error = PassEnded(message, hint="To go on: heal the infrastructure, or ask again.")
            phase = _without_pass(conn, infra)
            _say(conn, infra._replace(phase=phase, done=infra.turn), "passended", error, job)


def stumble(conn: Connection, failed: Sequence[Job]) -> None:
    """Say of infrastructures why their newest pass failed, while it waits to be tried again.

    That a pass was killed once is nothing to tell of.
    """
    for job in failed:
        if job.attempts < 2 and (job.error or {}).get("kind") == "lost":
            continue
        for infra in _awaiting(conn, job):
            message = f"Its pass (job {job.id}) failed: {_reason(job)}"
            if infra.error is None or infra.error.get("message") != message:
                error = PassStumbled(message, hint="It is tried again by itself.")
                _say(conn, infra, "passfailed", error, job)


def _awaiting(conn: Connection, job: Job) -> Iterator[Infrastructure]:
    """Yield, locked, what waits for a job to end its newest turn."""
    query = select(infrastructures.c.id).where(infrastructures.c.job == job.id)
    for id_ in conn.execute(query).scalars().all():
        infra = reading.get(conn, id_, lock=True)
        if infra.job == job.id and infra.done < infra.turn and not infra.paused:
            yield infra


def _without_pass(conn: Connection, infra: Infrastructure) -> Phase:
    if infra.phase is Phase.DESTROYING:
        return infra.phase
    there = reading.machines(conn, infra.id)
    return Phase.DEGRADED if any(one.state is State.READY for one in there) else Phase.FAILED


def _reason(job: Job) -> str:
    found: Mapping[str, Any] = job.error or {}
    said = found.get("message") or found.get("kind") or "it did not say why"
    # An error of ours is a sentence; of any other, its type tells as much.
    return str(said) if found.get("type") in (None, "Unavailable") else f"{found['type']}: {said}"


def _say(conn: Connection, infra: Infrastructure, kind: str, why: ShoalError, job: Job) -> None:
    error = {"code": why.error_code, "message": why.message, "hint": why.hint, "job": job.id}
    infra = infra._replace(error=error, changed=now(conn))
    values = {"phase": infra.phase.value, "error": error, "done": infra.done, "changed": infra.changed}
    conn.execute(update(infrastructures).where(infrastructures.c.id == infra.id).values(**values))
    telling.happened(conn, infra, [{"kind": kind, "detail": error}], infra.changed)
    telling.changed(conn, infra)
