"""What a function inside a transaction needs to know of the database it runs on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson
from sqlalchemy import BigInteger, ColumnElement, Connection, Table, Text, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from shoal.base import clock

T = TypeVar("T")
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
    """Return the condition that a column is one of many values, in one bound parameter."""
    if is_postgres(conn):
        kind = Text() if values and isinstance(values[0], str) else BigInteger()
        return column == func.any(bindparam(None, list(values), type_=ARRAY(kind)))
    packed = bindparam(None, orjson.dumps(list(values)).decode(), type_=Text())
    return column.in_(select(func.json_each(packed).table_valued("value").c.value))


def insert_into(conn: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if is_postgres(conn) else sqlite.insert(table)
