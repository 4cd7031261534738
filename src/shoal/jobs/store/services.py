"""Whether the services of a room are at work: jobs that do not end, and begin again when they do."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from shoal.base.errors import Unavailable
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading


def check(conn: Connection, ids: Sequence[int]) -> None:
    """Pass when all services are there, at work or about to be.

    Raises:
        Unavailable: one was ended, or has failed and waits to be tried again.
    """
    known = reading.get_many(conn, ids)
    for id_ in ids:
        job = known.get(id_)
        if job is None:
            raise Unavailable(f"The service of job {id_} is no longer there.")
        if job.state in ENDS or job.state is State.RETRYING:
            why = (job.error or {}).get("message") or (job.error or {}).get("kind") or "it was ended"
            raise Unavailable(f"The {job.name} (job {id_}) is not at work: {why}", job=id_)
