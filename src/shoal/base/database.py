"""The database: one port, on SQLite (embedded, one writer) and on PostgreSQL (several servers).

A room gives plain functions of a `Connection`; the caller composes them into one transaction:
`database.write(POINT, lambda c: (studies.insert(c, ...), submission.submit(c, ...)))`. A function may be
run again when the database asks for it (a deadlock, a batch that was rolled back), so it has no effect
but on the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shoal.base.errors import InvalidSetting
from shoal.base.faults import FaultPoint
from shoal.base.transaction import Work, now

__all__ = ["Database", "Work", "now", "open_database"]

T = TypeVar("T")


class Database(Protocol):
    """Read and write durably; every method may be called from any thread."""

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""

    @property
    def url(self) -> str:
        """Return where the database is, without a password."""

    def read(self, work: Work[T]) -> T:
        """Return what a function finds in its own snapshot."""

    def write(self, point: FaultPoint, work: Work[T]) -> T:
        """Run a function in a transaction and return when it is durably committed.

        Raises:
            StorageFull: the disk has no room; nothing was changed.
            Forbidden: the database is read-only.
            Unavailable: the database does not answer.
        """

    def submit(self, point: FaultPoint, work: Work[T], *, relaxed: bool = False) -> Future[T]:
        """Run a function as `write` does, without waiting.

        A relaxed write survives the death of every process, but perhaps not of the machine.
        """

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call a function, in any thread, after commits that appended events; returns how to stop it."""

    def close(self) -> None:
        """Finish what was submitted and let go of the database."""


def open_database(url: str) -> Database:
    """Open `sqlite:///PATH` or `postgresql+psycopg://...`; migrations are the caller's to run.

    Raises:
        InvalidSetting: the address is none of these.
        MissingExtra: the driver is not installed.
        Forbidden, StorageFull, Unavailable: it cannot be opened.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidSetting("The database address cannot be read.", hint=_ADDRESSES) from error
    match parsed.get_backend_name():
        case "sqlite" if parsed.database not in (None, "", ":memory:"):
            from shoal.base.sqlite import SqliteDatabase

            return SqliteDatabase(parsed)
        case "postgresql" | "postgres":
            from shoal.base.postgres import PostgresDatabase

            return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"))
        case other:
            raise InvalidSetting(f"A database of the kind {other!r} cannot be used.", hint=_ADDRESSES)


_ADDRESSES = "Give sqlite:///PATH or postgresql://USER@HOST/NAME."
