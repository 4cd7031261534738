"""A question that is asked often: compiled once, values in by position, plain tuples out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Connection, Select, TextualSelect, UpdateBase
from sqlalchemy.dialects import registry
from sqlalchemy.types import TypeEngine

from shoal.base import driver
from shoal.base.transaction import is_postgres

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    sql: str
    arrange: Callable[[Row], Sequence[Any]]
    outgoing: list[tuple[int, Convert]]


class Query:
    """A statement that returns rows, with the names of its parameters in the order in which they are given.

    It holds no `in_`: a list of values is one parameter (`transaction.one_of`).
    """

    def __init__(
        self,
        statement: Select[Any] | TextualSelect | CompoundSelect[Any] | UpdateBase,
        *names: str,
    ) -> None:
        self._statement = statement
        self._names = names
        self._compiled: _Compiled | None = None

    def rows(self, conn: Connection, *values: Any) -> Sequence[Row]:
        """Return every row; documents, flags and lists of values are as SQLAlchemy would give and take them."""
        if is_postgres(conn):
            given = dict(zip(self._names, values, strict=True))
            return conn.execute(self._statement, given).tuples().all()
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = self._compile()
        found = driver.rows(conn, compiled.sql, compiled.arrange(values))
        return [_converted(row, compiled.outgoing) for row in found] if compiled.outgoing else found

    def _compile(self) -> _Compiled:
        dialect: Any = registry.load("sqlite.pysqlite")(paramstyle="qmark")
        done: Any = self._statement.compile(dialect=dialect)
        places = [
            (self._names.index(name), _incoming(done.binds[name].type, dialect))
            if name in self._names
            else (None, done.params[name])
            for name in done.positiontup or ()
        ]

        def arrange(values: Row) -> list[Any]:
            return [
                given if at is None else values[at] if given is None else given(values[at])
                for at, given in places
            ]

        columns = enumerate(self._statement.exported_columns)
        outgoing = [(at, c) for at, column in columns if (c := _outgoing(column.type, dialect)) is not None]
        return _Compiled(str(done), arrange, outgoing)


def _incoming(kind: TypeEngine[Any], dialect: Any) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _outgoing(kind: TypeEngine[Any], dialect: Any) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _converted(row: Row, converts: Sequence[tuple[int, Convert]]) -> Row:
    values = list(row)
    for at, convert in converts:
        values[at] = convert(values[at])
    return tuple(values)
