"""The jobs that the home page tells of: those at work, and those that failed lately."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from shoal.jobs.states import ACTIVE, State
from shoal.jobs.store import browsing
from shoal.jobs.store.browsing import JobFilter, Line
from shoal.server.pages.job_words import is_own

MOST = 5


class JobsNow(NamedTuple):
    """The newest jobs that run and that failed; `more` says that others failed too."""

    running: list[Line]
    failed: list[Line]
    more: bool


def jobs_now(conn: Connection, owner: str | None, since: int) -> JobsNow:
    """Return what runs, and what failed of what was handed in since a time (µs), without arrays' elements."""
    owners = None if owner is None else [owner]
    kinds = [kind for kind in browsing.known(conn, owners).kinds if not is_own(kind)]
    if not kinds:
        return JobsNow([], [], False)
    running = JobFilter(owners, ACTIVE, kinds, whole=True)
    failed = JobFilter(owners, (State.FAILED, State.LOST), kinds, since=since, whole=True)
    found = browsing.newest(conn, failed, MOST + 1)
    return JobsNow(browsing.newest(conn, running, MOST), found[:MOST], len(found) > MOST)
