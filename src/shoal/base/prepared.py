"""A statement that is executed often: compiled once, values in by position, plain tuples out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Boolean, CompoundSelect, Connection, Select, TextualSelect, UpdateBase
from sqlalchemy.dialects import registry
from sqlalchemy.types import TypeEngine

from shoal.base import driver
from shoal.base.schema import JsonType, loads
from shoal.base.transaction import is_postgres

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]


class _Parameter(NamedTuple):
    """Where a value comes from: a position in what is given, or (`at` is None) a constant."""

    at: int | None
    constant: Any
    convert: Convert | None


class _Compiled(NamedTuple):
    sql: str
    parameters: list[_Parameter]
    converts: list[tuple[int, Convert]]


class Prepared:
    """A statement with the names of its parameters in the order in which their values are given.

    It holds no `in_` of many: a list of values is one parameter (`transaction.one_of`).
    """

    def __init__(
        self, statement: Select[Any] | TextualSelect | CompoundSelect[Any] | UpdateBase, *names: str
    ) -> None:
        self._statement = statement
        self._names = names
        self._compiled: _Compiled | None = None

    def rows(self, conn: Connection, *values: Any) -> Sequence[Row]:
        """Return every row; documents, flags and lists are as SQLAlchemy would take and give them."""
        if is_postgres(conn):
            return conn.execute(self._statement, self._named(values)).all()
        compiled = self._compiled or self._compile()
        found = driver.rows(conn, compiled.sql, _arranged(values, compiled.parameters))
        return [_converted(row, compiled.converts) for row in found] if compiled.converts else found

    def run(self, conn: Connection, *values: Any) -> None:
        """Execute a statement that returns no rows."""
        if is_postgres(conn):
            conn.execute(self._statement, self._named(values))
        else:
            self.rows(conn, *values)

    def _named(self, values: Row) -> dict[str, Any]:
        return dict(zip(self._names, values, strict=True))

    def _compile(self) -> _Compiled:
        dialect: Any = registry.load("sqlite.pysqlite")(paramstyle="qmark")
        done: Any = self._statement.compile(dialect=dialect)
        parameters = [self._parameter(name, done, dialect) for name in done.positiontup or ()]
        columns = self._statement.exported_columns
        converts = [(at, _outgoing(column.type, dialect)) for at, column in enumerate(columns)]
        needed = [(at, convert) for at, convert in converts if convert is not None]
        self._compiled = _Compiled(str(done), parameters, needed)
        return self._compiled

    def _parameter(self, name: str, done: Any, dialect: Any) -> _Parameter:
        convert = done.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        if name in self._names:
            return _Parameter(self._names.index(name), None, convert)
        constant = done.params[name]
        return _Parameter(None, constant if convert is None else convert(constant), None)


def _arranged(values: Row, parameters: Sequence[_Parameter]) -> list[Any]:
    return [
        constant if at is None else values[at] if convert is None else convert(values[at])
        for at, constant, convert in parameters
    ]


def _outgoing(kind: TypeEngine[Any], dialect: Any) -> Convert | None:
    if isinstance(kind, JsonType):
        return loads  # Without SQLAlchemy's layers around it, for there are several in every row of a job.
    return bool if isinstance(kind, Boolean) else kind.dialect_impl(dialect).result_processor(dialect, None)


def _converted(row: Row, converts: Sequence[tuple[int, Convert]]) -> Row:
    values = list(row)
    for at, convert in converts:
        if (value := values[at]) is not None:  # NULL is None in every type of ours.
            values[at] = convert(value)
    return tuple(values)
