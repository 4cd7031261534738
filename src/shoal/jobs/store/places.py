"""Where a filter looks: into a column, or into a document at some depth, on each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import ge, gt, le, lt
from typing import Any, Protocol

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Numeric,
    Text,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shoal.base.transaction import among, is_postgres

Value = str | int | float | bool | None
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}
_INT64 = 2**63


class Place(Protocol):
    """Say of what stands somewhere what it is."""

    def equals(self, value: Value) -> ColumnElement[bool]:
        """Return the condition that it is this value."""

    def is_one_of(self, values: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that it is one of some texts."""

    def compares(self, operator: str, limit: str | float) -> ColumnElement[bool]:
        """Return the condition that it is less or more than a value of its own sort."""

    def is_there(self) -> ColumnElement[bool]:
        """Return the condition that there is something, be it null."""


class InColumn:
    """A column of texts, of numbers or of flags."""

    def __init__(self, conn: Connection, column: Column[Any]) -> None:
        self._is_postgres = is_postgres(conn)
        self._column = column

    def equals(self, value: Value) -> ColumnElement[bool]:
        """Return the condition that it is this value."""
        if value is None:
            return self._column.is_(None)
        is_equal: ColumnElement[bool] = self._column == value
        return is_equal if self._is_sort_of(value) else false()

    def is_one_of(self, values: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that it is one of some texts."""
        return self._column.in_(list(values)) if self._is_sort_of("") else false()

    def compares(self, operator: str, limit: str | float) -> ColumnElement[bool]:
        """Return the condition that it is less or more than a value of its own sort."""
        if not self._is_sort_of(limit):
            return false()
        by_code = isinstance(limit, str) and self._is_postgres  # as SQLite orders texts
        return _ordered(operator, collate(self._column, "C") if by_code else self._column, limit)

    def is_there(self) -> ColumnElement[bool]:
        """Return the condition that there is something."""
        return self._column.is_not(None)

    def _is_sort_of(self, value: Value) -> bool:
        sort = self._column.type
        if isinstance(sort, Text):
            return isinstance(value, str)
        if isinstance(sort, Boolean):
            return isinstance(value, bool)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and -_INT64 <= float(value or 0) < _INT64


class InDocument:
    """A place in a JSON column; the path is of keys of objects, never of numbers of lists."""

    def __init__(self, conn: Connection, column: Column[Any], path: tuple[str, ...]) -> None:
        self._conn = conn
        self._column = column
        self._path = path
        self._is_postgres = is_postgres(conn)
        self._node: Any = self._postgres_node() if self._is_postgres else self._sqlite_node()

    def equals(self, value: Value) -> ColumnElement[bool]:
        """Return the condition that it is this value; null is also what is not there."""
        if value is None:
            return self._is_of_sort("null") | self._sort().is_(None)
        if self._is_postgres:
            wanted: Any = _narrow(value)
            for key in reversed(self._path):
                wanted = {key: wanted}
            # Containment, for which there may be an index.
            contains = type_coerce(self._column, JSONB()).contains(type_coerce(wanted, JSONB()))
            return and_(self._is_like(value), contains)
        if isinstance(value, bool):
            return self._is_of_sort("true" if value else "false")
        return and_(self._is_like(value), self._node == literal(_narrow(value)))

    def is_one_of(self, values: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that it is one of some texts."""
        text = self._text() if self._is_postgres else self._node
        return and_(self._is_like(""), among(self._conn, text, list(values)))

    def compares(self, operator: str, limit: str | float) -> ColumnElement[bool]:
        """Return the condition that it is less or more than a value of its own sort."""
        if not self._is_postgres:
            return and_(self._is_like(limit), _ordered(operator, self._node, literal(_narrow(limit))))
        text = self._text()
        if isinstance(limit, str):
            compared = _ordered(operator, collate(text, "C"), limit)
        else:
            compared = _ordered(operator, cast(text, Numeric()), cast(literal(str(limit)), Numeric()))
        # Only a CASE keeps PostgreSQL from reading a text as a number before it knows that it is one.
        return case((self._is_like(limit), compared), else_=false())

    def is_there(self) -> ColumnElement[bool]:
        """Return the condition that there is something, be it null."""
        return self._sort().is_not(None)

    def _sort(self) -> ColumnElement[str]:
        if self._is_postgres:
            return func.jsonb_typeof(self._node)
        return func.json_type(self._column, self._sqlite_path())

    def _is_of_sort(self, *sorts: str) -> ColumnElement[bool]:
        return self._sort().in_(sorts)

    def _is_like(self, value: str | float) -> ColumnElement[bool]:
        """Return the condition that it is a text for a text, a number for a number."""
        if isinstance(value, bool):
            return self._is_of_sort("boolean")
        if isinstance(value, str):
            return self._is_of_sort("string" if self._is_postgres else "text")
        return self._is_of_sort("number", "integer", "real")

    def _postgres_node(self) -> Any:
        node: Any = type_coerce(self._column, JSONB())
        for key in self._path:
            node = node.op("->", return_type=JSONB())(literal(key, Text()))
        return node

    def _text(self) -> Any:
        return self._node.op("#>>", return_type=Text())(literal([], ARRAY(Text())))

    def _sqlite_node(self) -> Any:
        return func.json_extract(self._column, self._sqlite_path())

    def _sqlite_path(self) -> Any:
        return literal("$" + "".join(f'."{key}"' for key in self._path))


def _ordered(operator: str, left: Any, right: Any) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = _COMPARE[operator](left, right)
    return compared


def _narrow(value: Value) -> Value:
    """Return a value as a document can hold it: whole numbers of more than 64 bits are none."""
    return float(value) if isinstance(value, int) and not -_INT64 <= value < _INT64 else value
