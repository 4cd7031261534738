"""SQLite: one file, one writer thread, readers with their own snapshots."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import QueuePool, StaticPool

from shoal.base import driver
from shoal.base.faults import FaultPoint
from shoal.base.schema import dumps, loads
from shoal.base.sqlite_errors import explained
from shoal.base.sqlite_writer import Task, Writer
from shoal.base.subscribers import Subscribers
from shoal.base.transaction import Work

T = TypeVar("T")
_PRAGMAS = ("busy_timeout=10000", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-32000")
_WRITER = (*_PRAGMAS, "journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4000")
_KEPT = 4  # connections for reading that stay open
_READER = (*_PRAGMAS, "query_only=ON")


class SqliteDatabase:
    """Hold one SQLite file in WAL mode; acknowledged means committed with `synchronous=FULL`."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        """Open the file, or make it; raises Forbidden, StorageFull or Unavailable when it cannot be."""
        self.path = Path(url.database or "")
        self.url = url.render_as_string()
        self._subscribers = Subscribers()
        self._writing = _engine(url, _WRITER, poolclass=StaticPool)
        self._reading = _engine(url, _READER, poolclass=QueuePool, pool_size=_KEPT, max_overflow=28)
        self._idle: list[Connection] = []
        self._kept = _KEPT
        self._conn = self._connected()
        self._writer = Writer(self._conn, self.path, self._subscribers.wake)

    def read(self, work: Work[T]) -> T:
        """Return what a function finds in its own snapshot."""
        try:
            with self._snapshot() as conn:
                return work(conn)
        except (StatementError, sqlite3.Error, OverflowError) as error:
            raise explained(error, self.path) from error

    def write(self, point: FaultPoint, work: Work[T]) -> T:
        """Run a function in a transaction and return when it is durably committed."""
        if self._writer.is_current():
            raise RuntimeError("a write inside a write: compose the functions instead")
        return self.submit(point, work).result()

    def submit(self, point: FaultPoint, work: Work[T], *, relaxed: bool = False) -> Future[T]:
        """Hand a function to the writer and return at once."""
        future: Future[T] = Future()
        self._writer.submit(Task(point, work, relaxed, future))
        return future

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call a function after commits that appended events; returns how to stop it."""
        return self._subscribers.add(wake)

    def close(self) -> None:
        """Commit what was submitted, stop the writer and close the file."""
        self._writer.close()
        self._conn.close()
        self._kept = 0
        while self._idle:
            self._idle.pop().close()
        self._writing.dispose()
        self._reading.dispose()

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """Lend a connection that sees one moment; a few bypass the pool, which takes longer than a query."""
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = self._reading.connect()
            conn.begin()  # For SQLAlchemy one transaction without end, as in the writer.
        raw = driver.connection(conn)
        try:
            raw.execute("BEGIN")
            yield conn
        finally:
            raw.rollback()
            if len(self._idle) < self._kept:
                self._idle.append(conn)
            else:
                conn.close()

    def _connected(self) -> Connection:
        try:
            return self._writing.connect()
        except StatementError as error:
            self._writing.dispose()
            raise explained(error, self.path) from error


def _engine(url: URL, pragmas: Sequence[str], **options: Any) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False},
        json_serializer=dumps,
        json_deserializer=loads,
        **options,
    )

    # The driver's own transactions begin too late (at the first change); ours begin when we say so, and
    # not by a listener: where there is one, SQLAlchemy asks for more around every statement.
    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return engine
