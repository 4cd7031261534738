"""The database's tables of datasets, of files by name, and of stored objects."""

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

# A file that jobs read by its name. `slot` is the name with its extension in lower case: of `a.CSV` and
# `a.csv` an owner has one.
datafiles = Table(
    "datafiles",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", Time, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False),
    Index("ix_datafiles_key", "key", unique=True),
)

# JSON that jobs read by its id. What counts is the file under `key`; `content` is there to be searched, and
# NULL when the data is too large for that. `extra` holds what else was said of it.
objects = Table(
    "objects",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("datatype", Text, nullable=False),
    Column("created", Time, nullable=False),
    Column("edited", Time),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("extra", Json, nullable=False),
    Column("content", Json),
    Index("ix_objects_key", "key"),
)
