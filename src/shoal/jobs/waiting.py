"""Waiting for jobs to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from shoal.base.database import Database
from shoal.jobs import reading
from shoal.jobs.model import Job
from shoal.jobs.states import ENDS, State

OnChange = Callable[[Mapping[int, State]], None]
_LOOK = 1.0  # seconds after which to look although nothing was told


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
        on_change: told the new states of jobs whose state has changed, beginning with the present ones.
        timeout: seconds after which to return the jobs as they are.
        guard: called now and then; what it raises ends the waiting (`Supervisor.raise_trouble`).
    """
    woken = threading.Event()
    unsubscribe = database.subscribe(woken.set)
    try:
        _watch(database, set(ids), on_change, None if timeout is None else monotonic() + timeout, guard, woken)
    finally:
        unsubscribe()
    return database.read(lambda conn: reading.get_many(conn, ids))


def _watch(
    database: Database,
    open_: set[int],
    on_change: OnChange | None,
    end: float | None,
    guard: Callable[[], None] | None,
    woken: threading.Event,
) -> None:
    known: dict[int, State] = {}
    while True:
        woken.clear()
        asked = monotonic()
        found = database.read(lambda conn: reading.states(conn, sorted(open_)))
        changed = {id_: state for id_, state in found.items() if known.get(id_) is not state}
        known |= changed
        if changed and on_change is not None:
            on_change(changed)
        open_ = {id_ for id_, state in found.items() if state not in ENDS}
        left = _LOOK if end is None else min(_LOOK, end - monotonic())
        if not open_ or left <= 0:
            return
        # However fast things happen, looking takes at most a third of the time.
        time.sleep(min(left, 2 * (monotonic() - asked)))
        woken.wait(left)
        if guard is not None:
            guard()
