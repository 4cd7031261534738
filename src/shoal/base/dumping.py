"""Taking all rows out of a database as files, from one moment, and putting them back."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, MetaData, inspect, text

from shoal.base.database import Database

VERSION_TABLE = "alembic_version"
SQLITE_NAME = "shoal.db"
_CHUNK = 1 << 20
_SEQUENCES = text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")


def take(database: Database, folder: Path) -> dict[str, Any]:
    """Write a database's content into files of a folder and return what loading needs to know besides.

    On SQLite this is one file, on PostgreSQL one for each table; both from one moment, while others write.
    """
    of_kind = _dump_sqlite if database.dialect == "sqlite" else _dump_postgres
    return database.read(lambda conn: of_kind(conn, folder))


def revision(conn: Connection) -> str | None:
    """Return the revision of the schema, None when there is none."""
    if not inspect(conn).has_table(VERSION_TABLE):
        return None
    return str(conn.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one())


def load(conn: Connection, files: Mapping[str, IO[bytes]], facts: Mapping[str, Any]) -> None:
    """Put rows into the empty tables of a PostgreSQL database; `facts` is what `take` returned."""
    for table in facts["tables"]:
        columns = ", ".join(f'"{name}"' for name in table["columns"])
        with (
            _driver(conn).cursor() as cursor,
            cursor.copy(f'COPY "{table["name"]}" ({columns}) FROM STDIN (FORMAT binary)') as copy,
        ):
            while chunk := files[f"{table['name']}.copy"].read(_CHUNK):
                copy.write(chunk)
    for name, value in facts["sequences"].items():
        if value is not None:
            conn.execute(text("SELECT setval(:name, :value)"), {"name": f'"{name}"', "value": value})


def _driver(conn: Connection) -> Any:
    return conn.connection.driver_connection


def _dump_sqlite(conn: Connection, folder: Path) -> dict[str, Any]:
    copy = sqlite3.connect(folder / SQLITE_NAME)
    try:
        _driver(conn).backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    finally:
        copy.close()
    return {"revision": revision(conn)}


def _dump_postgres(conn: Connection, folder: Path) -> dict[str, Any]:
    schema = MetaData()
    schema.reflect(conn)
    tables = [table for table in schema.sorted_tables if table.name != VERSION_TABLE]
    for table in tables:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        with (
            (folder / f"{table.name}.copy").open("wb") as file,
            _driver(conn).cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({columns}) TO STDOUT (FORMAT binary)') as copy,
        ):
            for chunk in copy:
                file.write(chunk)
    return {
        "revision": revision(conn),
        "tables": [{"name": t.name, "columns": [c.name for c in t.columns]} for t in tables],
        "sequences": {name: value for name, value in conn.execute(_SEQUENCES)},
    }
