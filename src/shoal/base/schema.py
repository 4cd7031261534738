"""The one schema of the database: every room defines its tables on `metadata`.

Times are whole microseconds (`Time`), documents are JSON (`Json`: text on SQLite, JSONB on PostgreSQL),
and numbers that count rows grow for ever (`Serial`).
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Time = BigInteger
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite counts by itself only in a column whose type is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
