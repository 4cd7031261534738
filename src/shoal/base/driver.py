"""Straight to SQLite's driver, for statements that run several times for every job.

SQLite answers most of them within ten microseconds, and what SQLAlchemy does around each takes five times
as long. On PostgreSQL the way to the server takes longer still, so there nothing goes past SQLAlchemy.
Errors are SQLAlchemy's all the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]


def connection(conn: Connection) -> sqlite3.Connection:
    """Return the driver's own connection; only for SQLite."""
    return conn.connection.driver_connection  # type: ignore[return-value]


def rows(conn: Connection, sql: str, values: Sequence[Any]) -> list[Row]:
    """Execute a statement once and return its rows as the driver gives them."""
    try:
        return connection(conn).execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, tuple(values), error, sqlite3.Error) from error


def run_many(conn: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute a statement for every row."""
    try:
        connection(conn).executemany(sql, rows)
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, [tuple(row) for row in rows[:1]], error, sqlite3.Error) from error
