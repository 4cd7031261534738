"""A cloud that is a file: its machines are rows, shared by all processes that know the folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import NamedTuple

FILE = "simulated.db"
NEVER = 1e18
_TABLES = """
CREATE TABLE IF NOT EXISTS machines (
    n INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT UNIQUE, infra TEXT, node TEXT, cloud TEXT, price REAL,
    made REAL, shown REAL, ready REAL, dies REAL, vanishes REAL, ill REAL, stops REAL
);
CREATE TABLE IF NOT EXISTS faults (fault TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS counts (fault TEXT PRIMARY KEY, n INTEGER);
"""


class Row(NamedTuple):
    """A machine; from `shown` on it is listed, from `ready` on it runs, ... (times in seconds since 1970)."""

    n: int
    instance: str
    infra: str
    node: str
    cloud: str
    price: float
    made: float
    shown: float
    ready: float
    dies: float = NEVER
    vanishes: float = NEVER
    ill: float = NEVER
    stops: float = NEVER

    @property
    def ref(self) -> str:
        """Return the cloud's name of the machine."""
        return f"sim-{self.n}"

    @property
    def address(self) -> str:
        """Return an address that is nowhere else."""
        return f"10.{self.n >> 16 & 255}.{self.n >> 8 & 255}.{self.n & 255}"


class Cloud:
    """Keep machines in a file; every change is there for all processes when it returns."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time) -> None:
        self.clock = clock
        self._file = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        with self.changed() as connection:
            for statement in _TABLES.split(";"):
                connection.execute(statement)

    @contextmanager
    def changed(self) -> Iterator[sqlite3.Connection]:
        """Give a connection on which all that is done becomes true at once, or nothing."""
        connection = sqlite3.connect(self._file, timeout=60.0, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def rows(self, connection: sqlite3.Connection, cloud: str | None = None) -> Sequence[Row]:
        """Return the machines that have not vanished, of one of the clouds in the file or of all."""
        found = connection.execute("SELECT * FROM machines WHERE vanishes > ? ORDER BY n", (self.clock(),))
        return [Row(*row) for row in found if cloud in (None, row[4])]

    def unwell(self, infra: str) -> Sequence[str]:
        """Return the instances of an infrastructure whose machines are ill or dead."""
        query = "SELECT instance FROM machines WHERE infra = ? AND min(ill, dies) <= ?"
        with self.changed() as connection:
            return [instance for (instance,) in connection.execute(query, (infra, self.clock()))]

    def row(self, connection: sqlite3.Connection, instance: str) -> Row | None:
        """Return the machine of an instance, None when there is none, or it has vanished."""
        query = "SELECT * FROM machines WHERE instance = ? AND vanishes > ?"
        found = connection.execute(query, (instance, self.clock())).fetchone()
        return None if found is None else Row(*found)

    def add(self, connection: sqlite3.Connection, row: Row) -> Row:
        """Add a machine, or one in the place of a vanished one; its number is given here."""
        self.remove(connection, row.instance)
        marks = ", ".join("?" * (len(row) - 1))
        number = connection.execute(f"INSERT INTO machines VALUES (NULL, {marks})", row[1:]).lastrowid
        return row._replace(n=number or 0)

    def remove(self, connection: sqlite3.Connection, instance: str) -> None:
        """Remove a machine."""
        connection.execute("DELETE FROM machines WHERE instance = ?", (instance,))

    def there(self) -> Sequence[Row]:
        """Return all machines of the file that have not vanished, also those that are not listed yet."""
        with self.changed() as connection:
            return self.rows(connection)

    def befall(self, instance: str, what: str, after: float = 0.0) -> None:
        """Let a machine die, vanish, be ill or stop (`dies`, ...) from so many seconds on."""
        if what not in ("dies", "vanishes", "ill", "stops"):
            raise ValueError(what)
        with self.changed() as connection:
            change = f"UPDATE machines SET {what} = ? WHERE instance = ?"
            connection.execute(change, (self.clock() + after, instance))
