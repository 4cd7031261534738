"""The tables of live tasks: a row for each, and a row for each thing that happened in one.

`rows` lags behind the task's log, which is the truth; `base` is the row at which the present run's counting
began, `played_row` the one at the last play. `turn` counts the plays: what a host says of an earlier one is
out of date. `next` is the state that initialising is for.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text, text

from shoal.base.schema import Json, Serial, Time, metadata

HAS_KEY = "key IS NOT NULL"

tasks = Table(
    "live_tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("wish", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("next", Text),
    Column("error_code", Text),
    Column("error", Text),
    Column("run", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("dim", Integer),
    Column("rows", BigInteger, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("played_row", BigInteger, nullable=False),
    Column("created", Time, nullable=False),
    Column("changed", Time, nullable=False),
    Column("played", Time),
    Column("ended", Time),
    Column("key", Text),
    Index("ix_live_tasks_owner", "owner", "created", "id"),
    Index("ix_live_tasks_created", "created", "id"),
    Index(
        "uq_live_tasks_key",
        "owner",
        "key",
        unique=True,
        sqlite_where=text(HAS_KEY),
        postgresql_where=text(HAS_KEY),
    ),
)

live_events = Table(
    "live_events",
    metadata,
    Column("seq", Serial, Identity(), primary_key=True),
    Column("task", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("at", Time, nullable=False),
    Index("uq_live_events_name", "task", "name", unique=True),
    Index("ix_live_events_task", "task", "seq"),
    sqlite_autoincrement=True,
)
