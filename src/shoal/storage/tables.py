"""The database's table of datasets."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from shoal.base.schema import Json, Time, metadata

# A dataset is a table with a name; each of its versions is a row. `fingerprint` is what tells that the same
# bytes were read in the same way before.
datasets = Table(
    "datasets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Time, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("columns", Json, nullable=False),
    Column("notes", Json, nullable=False),
    Column("origin", Json, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("table_sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("original", Text),
    Column("fingerprint", Text, nullable=False),
    Index("ix_datasets_owner_fingerprint", "owner", "fingerprint", unique=True),
    Index("ix_datasets_owner_created", "owner", "created"),
)
