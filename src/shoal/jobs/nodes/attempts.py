"""What a node may do under the token of an attempt: only what is its own, and only while it lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, select

from shoal.base.errors import Conflict, NotFound
from shoal.jobs import kinds, logs
from shoal.jobs.model import Outcome, WorkerId
from shoal.jobs.states import State
from shoal.jobs.store import finishing, tokens
from shoal.jobs.store.tables import attempts, jobs


class Held(NamedTuple):
    """An attempt that a node works on."""

    job: int
    kind: str
    spec: dict[str, Any]
    generation: int
    number: int

    @property
    def folder(self) -> str:
        """Return the beginning of the keys under which the attempt may write."""
        return f"jobs/{self.job}/{self.generation}/{self.number}/"

    @property
    def log(self) -> str:
        """Return the place of the attempt's log below the folder of logs."""
        return logs.log_key(self.job, self.generation, self.number)


def own(conn: Connection, worker: WorkerId, given: Sequence[str]) -> dict[str, tokens.Active]:
    """Return for each token that is the worker's and not stale its job and attempt."""
    held = tokens.held(conn, given, lock=False)
    return {token: row for token, row in held.items() if row.attempt_worker == worker.name}


def held(conn: Connection, worker: WorkerId, token: str) -> Held:
    """Return the attempt that a worker holds under a token.

    Raises:
        Conflict: it is not the worker's, or not any more (code `stale_attempt`).
    """
    row = own(conn, worker, [token]).get(token)
    if row is None:
        raise Conflict(
            "This token of an attempt is not valid, or not any more.",
            hint="Its job was given to another worker, ended or cancelled.",
            code="stale_attempt",
        )
    place = and_(attempts.c.job == row.id, attempts.c.fence == row.fence)
    query = select(jobs.c.spec, attempts.c.generation, attempts.c.number)
    found = conn.execute(query.join(attempts, attempts.c.job == jobs.c.id).where(place)).one()
    return Held(row.id, row.kind, found.spec, found.generation, found.number)


def inputs(kind: str, spec: Mapping[str, Any]) -> list[str]:
    """Return the keys of the files that a job reads."""
    declared = kinds.get(kind).inputs
    return [] if declared is None else list(dict.fromkeys(declared(spec)))


def check_input(attempt: Held, key: str) -> None:
    """Pass when an attempt reads this file.

    Raises:
        NotFound: it does not; it is not even said whether there is such a file.
    """
    if key not in inputs(attempt.kind, attempt.spec):
        raise NotFound(f"{key!r} is not among the files that this job reads.")


def finish(conn: Connection, worker: WorkerId, outcomes: Sequence[tuple[str, Outcome]]) -> None:
    """Record how a worker's attempts ended; what is not its own, or stale, changes nothing."""
    mine = own(conn, worker, [token for token, _ in outcomes])
    by_record: dict[kinds.Record | None, list[tuple[str, Outcome]]] = {}
    for token, outcome in outcomes:
        if token in mine:
            told = outcome if outcome.log is None else outcome._replace(log=held(conn, worker, token).log)
            by_record.setdefault(kinds.get(mine[token].kind).record, []).append((token, told))
    for record, ended in by_record.items():
        finishing.finish_many(conn, ended, record)


def give_back_others(conn: Connection, worker: WorkerId, have: Sequence[str]) -> None:
    """Put the jobs back that a worker was given without its knowing: the answer got lost on the way."""
    finishing.take_back(conn, worker, {row.id for row in own(conn, worker, have).values()})


def wants(conn: Connection, worker: WorkerId, given: Sequence[str]) -> bool:
    """Say whether there are orders for some tokens: their jobs are to stop, or are no longer the worker's."""
    mine = own(conn, worker, given)
    return any(token not in mine or mine[token].state == State.CANCELLING for token in given)
