"""One statement for very many rows, without the price of a dictionary and a conversion for each.

A `Bulk` compiles its statement once for each kind of database and then hands tuples to the driver as they
are. Documents go in as JSON text (`schema.dumps`), flags as 0 and 1 or booleans, enumerations as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.sql.expression import Delete, Insert, Update

from shoal.base import driver

Row = tuple[Any, ...]


class _Compiled(NamedTuple):
    sql: str
    constants: Row
    arrange: Callable[[Row], Row] | None


class Bulk:
    """A statement whose rows are tuples in a stated order of its parameters."""

    def __init__(self, statement: Insert | Update | Delete, *names: str) -> None:
        """Take a statement and the names of its parameters in the order of the tuples."""
        self._statement = statement
        self._names = names
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: Connection, rows: Sequence[Row]) -> None:
        """Execute the statement for every row; for none do nothing."""
        if not rows:
            return
        kind = conn.dialect.name
        compiled = self._compiled.get(kind) or self._compiled.setdefault(kind, self._compile(kind))
        if (arrange := compiled.arrange) is not None:
            rows = [arrange(row + compiled.constants) for row in rows]
        if kind == "sqlite":
            driver.run_many(conn, compiled.sql, rows)
        else:
            conn.exec_driver_sql(compiled.sql, list(rows))

    def _compile(self, kind: str) -> _Compiled:
        # Named for the driver, psycopg's dialect writes casts; format and qmark are both positional.
        if kind == "postgresql":
            dialect: Any = registry.load("postgresql.psycopg")(paramstyle="format")
        else:
            dialect = registry.load("sqlite.pysqlite")(paramstyle="qmark")
        is_insert = isinstance(self._statement, Insert)
        done = self._statement.compile(dialect=dialect, column_keys=list(self._names) if is_insert else None)
        fixed = {name: value for name, value in done.params.items() if name not in self._names}
        all_names = [*self._names, *fixed]
        order = [all_names.index(name) for name in done.positiontup or ()]
        straight = order == list(range(len(self._names)))
        return _Compiled(str(done), tuple(fixed.values()), None if straight else itemgetter(*order))
