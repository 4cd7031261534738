"""The table of nodes: machines that may join, and what they said when they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from shoal.base.schema import Json, Time, metadata

nodes = Table(
    "job_nodes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("created", Time, nullable=False),
    Column("session", Text),
    Column("joined", Time),
    Column("turn", BigInteger, nullable=False),
    Column("host", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("workers", Integer, nullable=False),
    Column("labels", Json, nullable=False),
    Column("resources", Json, nullable=False),
    Column("kinds", Json, nullable=False),
)
