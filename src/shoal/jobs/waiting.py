"""Waiting for jobs to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from sqlalchemy import Connection, select, text

from shoal.base.database import Database
from shoal.base.prepared import Prepared
from shoal.base.transaction import one_of
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import reading
from shoal.jobs.store.tables import jobs

OnChange = Callable[[Mapping[int, State]], None]
_FEW = 16  # jobs that are looked at whenever something happens
_LOOK = 1.0  # seconds after which to look although nothing was told
_IS_END = ", ".join(f"'{state}'" for state in sorted(ENDS))
_ENDED = Prepared(
    select(jobs.c.id, jobs.c.state).where(one_of(jobs.c.id, "ids"), text(f"state IN ({_IS_END})")), "ids"
)


def wait(
    database: Database,
    ids: Sequence[int],
    on_change: OnChange | None = None,
    timeout: float | None = None,
    *,
    guard: Callable[[], None] | None = None,
) -> dict[int, Job]:
    """Wait until jobs have ended, and return them by id; those that are gone are left out.

    Args:
        database: where the jobs are.
        ids: whom to wait for.
        on_change: told of those that have ended since it was last called.
        timeout: seconds after which to return the jobs as they are.
        guard: called at least every second; what it raises ends the waiting (`Supervisor.raise_trouble`).
    """
    watch = _Watch(database, ids, on_change, timeout)
    unsubscribe = database.subscribe(watch.woken.set)
    try:
        while watch.look() and (left := watch.rest()) > 0:
            watch.woken.wait(left)
            if guard is not None:
                guard()
    finally:
        unsubscribe()
    return watch.jobs if watch.jobs is not None else database.read(lambda conn: reading.get_many(conn, ids))


class _Watch:
    def __init__(
        self, database: Database, ids: Sequence[int], on_change: OnChange | None, timeout: float | None
    ) -> None:
        self.woken = threading.Event()
        self.jobs: dict[int, Job] | None = None
        self._ids = ids
        self._database = database
        self._open = sorted(set(ids))
        self._on_change = on_change
        self._end = None if timeout is None else monotonic() + timeout
        self._looked = 0.0
        self._counted = monotonic()

    def look(self) -> bool:
        """Learn who has ended and say whether others have not."""
        self.woken.clear()
        started = monotonic()
        ended = self._database.read(self._ended)
        if ended:
            self._open = [id_ for id_ in self._open if id_ not in ended]
            if self._on_change is not None:
                self._on_change(ended)
        if monotonic() - self._counted > _LOOK:
            there = self._database.read(lambda conn: reading.states(conn, self._open))
            self._open = list(there)
            self._counted = monotonic()
        self._looked = monotonic() - started
        return bool(self._open)

    def rest(self) -> float:
        """Return how long to wait for news; for many jobs pause first: looking takes time from the work."""
        left = _LOOK if self._end is None else min(_LOOK, self._end - monotonic())
        if len(self._open) > _FEW:
            time.sleep(max(0.0, min(left, 10 * self._looked)))
        return left

    def _ended(self, conn: Connection) -> dict[int, State]:
        # With nobody to tell, a few are enough: while they go on, not all have ended.
        asked = self._open if self._on_change is not None else self._open[-_FEW:]
        ended = _ends(conn, asked)
        if len(ended) == len(asked) < len(self._open):
            ended = _ends(conn, self._open)
        if len(ended) == len(self._open):
            self.jobs = reading.get_many(conn, self._ids)  # What the caller wants next, in the same read.
        return ended


def _ends(conn: Connection, ids: Sequence[int]) -> dict[int, State]:
    return {id_: State(state) for id_, state in _ENDED.rows(conn, ids)}
