"""The one writer: what arrives while the disk syncs is committed together by the next sync."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Connection

from shoal.base import driver, events
from shoal.base.errors import Unavailable
from shoal.base.faults import FaultPoint
from shoal.base.sqlite_errors import explained

MAX_BATCH = 512
MAX_SECONDS = 0.02


class Task(NamedTuple):
    """A piece of work and where its result goes."""

    point: FaultPoint
    work: Callable[[Connection], Any]
    relaxed: bool
    future: Future[Any]


class _Outcome(NamedTuple):
    task: Task
    result: Any
    error: BaseException | None


class Writer:
    """Run tasks in order, many to a transaction; a task that fails does so alone."""

    def __init__(self, conn: Connection, path: Path, on_events: Callable[[], None]) -> None:
        """Take over a connection on which nobody else writes."""
        self._conn = conn
        conn.begin()  # For SQLAlchemy one transaction without end; the real ones are begun and ended below.
        self._raw: sqlite3.Connection = driver.connection(conn)
        self._path = path
        self._on_events = on_events
        self._told = False
        self._full = True
        self._closed = False
        self._lock = threading.Lock()
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._waiting: deque[Task] = deque()
        self._thread = threading.Thread(target=self._serve, name="shoal-writer", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Put a task at the end of the queue."""
        with self._lock:
            if self._closed:
                raise Unavailable("The database is closed.")
            self._tasks.put(task)

    def is_current(self) -> bool:
        """Say whether the caller runs inside a task."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Do what was submitted, then stop."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._tasks.put(None)
        self._thread.join()

    def _serve(self) -> None:
        open_ = True
        while open_ or self._waiting:
            open_ = open_ and self._gather()
            for _ in range(self._run(list(islice(self._waiting, MAX_BATCH)))):
                self._waiting.popleft()

    def _gather(self) -> bool:
        """Wait until there is a task, take what else has come, and return False at the end."""
        try:
            task = self._tasks.get(block=not self._waiting)
            while task is not None:
                if task.future.set_running_or_notify_cancel():
                    self._waiting.append(task)
                task = self._tasks.get_nowait()
        except Empty:
            return True
        return False

    def _run(self, batch: Sequence[Task]) -> int:
        """Commit the head of a batch and return how many tasks that was.

        When the whole transaction is lost, every task is tried alone.
        """
        if not batch:
            return 0
        try:
            outcomes = self._transact(batch)
        except BaseException as error:
            self._raw.rollback()
            events.discard(self._conn)
            if len(batch) > 1:
                return sum(self._run([task]) for task in batch)
            outcomes = [_Outcome(batch[0], None, error)]
        for task, result, failure in outcomes:
            if failure is None:
                task.future.set_result(result)
            else:
                task.future.set_exception(explained(failure, self._path))
        self._tell()
        return len(outcomes)

    def _transact(self, batch: Sequence[Task]) -> list[_Outcome]:
        self._told = False
        self._synchronise(full=not all(task.relaxed for task in batch))
        self._raw.execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            outcomes = [_Outcome(batch[0], self._perform(batch[0]), None)]
        else:
            outcomes = self._attempt_many(batch)
        points = {o.task.point: None for o in outcomes if o.error is None}
        for point in points:
            point.reached("before")
        self._raw.commit()
        for point in points:
            point.reached("after")
        return outcomes

    def _attempt_many(self, batch: Sequence[Task]) -> list[_Outcome]:
        outcomes: list[_Outcome] = []
        end = monotonic() + MAX_SECONDS
        for task in batch:
            outcomes.append(self._attempt(task))
            if monotonic() > end:
                break
        return outcomes

    def _attempt(self, task: Task) -> _Outcome:
        """Perform a task inside a savepoint, so that it can fail alone."""
        self._raw.execute("SAVEPOINT task")
        try:
            result = self._perform(task)
        except BaseException as error:
            events.discard(self._conn)
            if not self._raw.in_transaction:  # SQLite gave up the whole transaction (disk full, say).
                raise
            self._raw.execute("ROLLBACK TO task")
            self._raw.execute("RELEASE task")
            return _Outcome(task, None, error)
        self._raw.execute("RELEASE task")
        return _Outcome(task, result, None)

    def _perform(self, task: Task) -> Any:
        result = task.work(self._conn)
        self._told = events.flush(self._conn) or self._told
        return result

    def _synchronise(self, *, full: bool) -> None:
        if full != self._full:
            self._raw.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
            self._full = full

    def _tell(self) -> None:
        if self._told:
            self._told = False
            self._on_events()
