"""Waiting for a study to end, and hearing how far it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from time import monotonic

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.studies import stored
from shoal.studies.model import Progress, Study, StudyState

OnProgress = Callable[[Progress], None]
_LOOK = 1.0  # seconds after which to look although nothing was told
_PAUSE = 0.02  # seconds between two looks at least: a bar needs no more


def wait(
    database: Database,
    study: str,
    on_progress: OnProgress | None = None,
    timeout: float | None = None,
    *,
    guard: Callable[[], None] | None = None,
) -> Study:
    """Wait until a study has ended and return it; after `timeout` seconds return it as it is.

    Args:
        database: where the study is.
        study: its id.
        on_progress: told how far it is, at first and whenever that has changed.
        timeout: in seconds; None waits for ever.
        guard: called now and then; what it raises ends the waiting (`Supervisor.raise_trouble`).

    Raises:
        NotFound: there is no such study.
    """
    woken = threading.Event()
    unsubscribe = database.subscribe(woken.set)
    end = None if timeout is None else monotonic() + timeout
    told: Progress | None = None
    try:
        while True:
            woken.clear()
            asked = monotonic()
            found, progress = database.read(lambda conn: _look(conn, study))
            if on_progress is not None and progress != told:
                on_progress(progress)
            told = progress
            left = _LOOK if end is None else min(_LOOK, end - monotonic())
            if found.state != StudyState.running or left <= 0:
                return found
            time.sleep(min(left, max(_PAUSE, 2 * (monotonic() - asked))))
            woken.wait(left)
            if guard is not None:
                guard()
    finally:
        unsubscribe()


def _look(conn: Connection, study: str) -> tuple[Study, Progress]:
    found = stored.get(conn, study)
    return found, stored.progress(conn, found)
