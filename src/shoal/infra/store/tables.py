"""The tables of infrastructures: a row for each, for each machine, for each thing that happened.

`home` names the home whose folder holds an infrastructure's secrets and logs: only the passes of that home
work on it. `version` grows with every change that makes a plan stale.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Identity, Index, Integer, Table, Text, text

from shoal.base.schema import Json, Serial, Time, metadata

HAS_KEY = "key IS NOT NULL"

infrastructures = Table(
    "infra_infrastructures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("home", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("description", Json, nullable=False),
    Column("targets", Json, nullable=False),
    Column("condemned", Json, nullable=False),
    Column("attached", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("released", Boolean, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("job", BigInteger),
    Column("error", Json),
    Column("created", Time, nullable=False),
    Column("changed", Time, nullable=False),
    Column("ended", Time),
    Column("key", Text),
    Index("ix_infra_infrastructures_owner", "owner", "created", "id"),
    Index("ix_infra_infrastructures_created", "created", "id"),
    Index("ix_infra_infrastructures_job", "job"),
    Index(
        "uq_infra_infrastructures_key",
        "owner",
        "key",
        unique=True,
        sqlite_where=text(HAS_KEY),
        postgresql_where=text(HAS_KEY),
    ),
)

instances = Table(
    "infra_instances",
    metadata,
    Column("id", Text, primary_key=True),
    Column("infra", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("implementation", Integer, nullable=False),
    Column("place", Json, nullable=False),
    Column("hash", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("ref", Text),
    Column("addresses", Json, nullable=False),
    Column("private", Text),
    Column("saw", Json, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("price", Float),
    Column("created", Time, nullable=False),
    Column("since", Time, nullable=False),
    Column("ready", Time),
    Column("failing_since", Time),
    Column("missing_since", Time),
    Column("ended", Time),
    Index("ix_infra_instances_infra", "infra", "ended"),
)

happenings = Table(
    "infra_happenings",
    metadata,
    Column("seq", Serial, Identity(), primary_key=True),
    Column("infra", Text, nullable=False),
    Column("instance", Text),
    Column("node", Text),
    Column("kind", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("at", Time, nullable=False),
    Index("ix_infra_happenings_infra", "infra", "seq"),
    sqlite_autoincrement=True,
)

definitions = Table(
    "infra_definitions",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("implementations", Json, nullable=False),
    Column("changed", Time, nullable=False),
)
