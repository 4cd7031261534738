"""What a function inside a transaction needs to know of the database it runs on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from shoal.base import clock

T = TypeVar("T")
_TOO_LARGE = 2**63
Work = Callable[[Connection], T]
# One statement's value for all its rows; read when the statement runs, not when the transaction began.
DATABASE_CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_NOW = text(f"SELECT {DATABASE_CLOCK}")


def is_postgres(conn: Connection) -> bool:
    """Say whether several writers may be at work, so that rows need locks."""
    return conn.dialect.name == "postgresql"


def now(conn: Connection) -> int:
    """Return the present time by the database's clock, in microseconds."""
    if is_postgres(conn):
        return int(conn.execute(_NOW).scalar_one())
    return clock.now()


def among(conn: Connection, column: ColumnElement[Any], values: Sequence[int | str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of some values, however many, in one bound parameter."""
    kind = _Texts() if values and isinstance(values[0], str) else _Numbers()
    return _OneOf(column, bindparam(None, list(values), type_=kind))


def one_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition of `among` for a statement that is built once and given its values by name."""
    kind = _Texts() if isinstance(column.type, Text) else _Numbers()
    return _OneOf(column, bindparam(name, type_=kind))


class _Numbers(TypeDecorator[Any]):
    """Many values in one parameter: an array on PostgreSQL, a JSON array on SQLite."""

    impl = Text
    cache_ok = True
    item: ClassVar[type[TypeEngine[Any]]] = BigInteger

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.item) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        # No column holds a number of more than 64 bits, so none is equal to one.
        kept = [item for item in value if isinstance(item, str) or -_TOO_LARGE <= item < _TOO_LARGE]
        return kept if dialect.name == "postgresql" else orjson.dumps(kept).decode()


class _Texts(_Numbers):
    cache_ok = True
    item = Text


class _OneOf(FunctionElement[bool]):
    type = Boolean()
    name = "one_of"
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Return itself: as a mere function it would be compared with 1, which hides it from the planner."""
        return self


@compiles(_OneOf, "sqlite")
def _one_of_sqlite(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(_OneOf, "postgresql")
def _one_of_postgres(element: _OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({values})"


def insert_into(conn: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if is_postgres(conn) else sqlite.insert(table)
