"""The one schema of the database: every room defines its tables on `metadata`.

Times are whole microseconds (`Time`), documents are JSON (`Json`: text on SQLite, JSONB on PostgreSQL),
and numbers that count rows grow for ever (`Serial`).
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from shoal.base.errors import InvalidInput

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Time = BigInteger
# SQLite counts by itself only in a column whose type is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")

loads = orjson.loads


class JsonType(TypeDecorator[Any]):
    """A JSON document; None is NULL.

    On SQLite the column is TEXT and not JSON, for that name would give it a numeric affinity: the document
    `12345678901234567890` would come back rounded.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column's type on a database."""
        is_postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(JSONB(none_as_null=True) if is_postgres else Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return what the driver is given."""
        return value if value is None or dialect.name == "postgresql" else dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return what the driver gave."""
        return value if value is None or dialect.name == "postgresql" else loads(value)


def dumps(value: Any) -> str:
    """Return a value as JSON text; NUL characters, which PostgreSQL cannot keep, become U+FFFD.

    Raises:
        InvalidInput: it holds what JSON has no word for.
    """
    try:
        written = orjson.dumps(value)
        if b"\\u0000" in written:
            written = orjson.dumps(_without_nul(value))
    except TypeError as error:
        raise InvalidInput(f"This cannot be kept as JSON: {error}.") from error
    return written.decode()


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value


Json = JsonType()
