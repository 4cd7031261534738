"""Searching jobs and documents by filters, with nothing of the caller's in the query's text.

A filter is a JSON object as MongoDB has them: `{"site": 4, "sample.depth": {"$gte": 10}, "$or": [...]}`.
It knows `$eq $ne $gt $gte $lt $lte $in $exists $and $or`; everything else is refused by its name, above all
what could run code. A value is compared with values of its own sort only: a number never with a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, and_, false, func, not_, or_, true

from shoal.base.errors import InvalidInput
from shoal.base.schema import JsonType
from shoal.jobs.store.places import InColumn, InDocument, Place, Value
from shoal.jobs.store.validation import is_text

MAX_DEPTH = 16
MAX_CONDITIONS = 200
MAX_VALUES = 1000
REST = "*"  # among columns: the document in which every other key is looked for
_COMPARISONS = {"$gt", "$gte", "$lt", "$lte"}
_KNOWN = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $exists, $and, $or"

Columns = Mapping[str, Column[Any]]


def matching(conn: Connection, wanted: Mapping[str, Any], columns: Columns) -> ColumnElement[bool]:
    """Return the condition that a row fits a filter.

    Args:
        conn: the database that is asked.
        wanted: the filter.
        columns: what may be asked for, by key; a JSON column is searched in depth. The column under `*`, if
            any, is a document in which all other keys are looked for.

    Raises:
        InvalidInput: the filter has an operator, a key or a value that cannot be asked for; it is named.
    """
    return _Reader(conn, columns).of_filter(wanted, 0)


class _Reader:
    """Turn a filter into a condition, counting what it asks for."""

    def __init__(self, conn: Connection, columns: Columns) -> None:
        self._conn = conn
        self._columns = columns
        self._conditions = 0

    def of_filter(self, wanted: Any, depth: int) -> ColumnElement[bool]:
        """Return the condition of a whole filter, or of one within `$and` or `$or`."""
        if not isinstance(wanted, Mapping):
            raise InvalidInput(f"A filter is an object of keys and values, not {_shown(wanted)}.")
        _check_depth(depth)
        return and_(true(), *(self._of_entry(key, value, depth) for key, value in wanted.items()))

    def of_place(self, path: tuple[str, ...], wanted: Any, depth: int) -> ColumnElement[bool]:
        """Return the condition on what stands at a place."""
        _check_depth(depth + len(path))
        if not isinstance(wanted, Mapping):
            return self._is(path, "$eq", wanted)
        operators = [key for key in wanted if key.startswith("$")]
        if not wanted or len(operators) not in (0, len(wanted)):
            raise InvalidInput(
                f"{_name(path)} can be searched for a value or by operators, not for {_shown(wanted)}.",
                key=_name(path),
            )
        if operators:
            return and_(*(self._is(path, operator, wanted[operator]) for operator in operators))
        return and_(*(self.of_place((*path, *_split(key)), value, depth) for key, value in wanted.items()))

    def _of_entry(self, key: str, value: Any, depth: int) -> ColumnElement[bool]:
        if key in ("$and", "$or"):
            if not isinstance(value, list | tuple) or not value:
                raise InvalidInput(f"{key} takes a list of filters, not {_shown(value)}.", key=key)
            join = and_ if key == "$and" else or_
            return join(*(self.of_filter(one, depth + 1) for one in value))
        if key.startswith("$"):
            raise _unknown(key)
        return self.of_place(_split(key), value, depth)

    def _is(self, path: tuple[str, ...], operator: str, value: Any) -> ColumnElement[bool]:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise InvalidInput(f"A filter has at most {MAX_CONDITIONS} conditions.")
        place = self._place(path)
        match operator:
            case "$exists":
                return _exists(place, path, value)
            case "$in":
                return _among(place, path, value)
            case "$eq":
                return place.equals(_value(value, path))
            case "$ne":
                return not_(func.coalesce(place.equals(_value(value, path)), false()))
            case _ if operator in _COMPARISONS:
                return _compared(place, path, operator, value)
        raise _unknown(operator)

    def _place(self, path: tuple[str, ...]) -> Place:
        first, *rest = path
        if first in self._columns and first != REST:
            column = self._columns[first]
            if isinstance(column.type, JsonType):
                return InDocument(self._conn, column, tuple(rest))
            if not rest:
                return InColumn(self._conn, column)
        elif (document := self._columns.get(REST)) is not None:
            return InDocument(self._conn, document, path)
        known = ", ".join(sorted(set(self._columns) - {REST}))
        raise InvalidInput(
            f"There is no {_name(path)} to search for.", hint=f"There are: {known}.", key=first
        )


def _exists(place: Place, path: tuple[str, ...], value: Any) -> ColumnElement[bool]:
    if not isinstance(value, bool):
        raise InvalidInput(
            f"$exists of {_name(path)} takes true or false, not {_shown(value)}.", key="$exists"
        )
    return place.is_there() if value else not_(place.is_there())


def _among(place: Place, path: tuple[str, ...], value: Any) -> ColumnElement[bool]:
    if not isinstance(value, list | tuple) or len(value) > MAX_VALUES:
        raise InvalidInput(f"$in of {_name(path)} takes a list of at most {MAX_VALUES} values.", key="$in")
    return or_(false(), *_alternatives(place, [_value(one, path) for one in value]))


def _alternatives(place: Place, values: Sequence[Value]) -> Iterator[ColumnElement[bool]]:
    texts = [value for value in values if isinstance(value, str)]
    if texts:
        yield place.is_one_of(texts)
    yield from (place.equals(value) for value in values if not isinstance(value, str))


def _compared(place: Place, path: tuple[str, ...], operator: str, value: Any) -> ColumnElement[bool]:
    limit = _value(value, path)
    if limit is None or isinstance(limit, bool):
        raise InvalidInput(f"{operator} of {_name(path)} takes a number or a text.", key=operator)
    return place.compares(operator, limit)


def _value(value: Any, path: tuple[str, ...]) -> Value:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, str) and is_text(value):
        return value
    raise InvalidInput(
        f"{_name(path)} can be searched for one value, not for {_shown(value)}.", key=_name(path)
    )


def _split(key: str) -> tuple[str, ...]:
    parts = tuple(key.split("."))
    if not (all(parts) and is_text(key)) or '"' in key or "\\" in key:
        raise InvalidInput(f"The key {key!r} cannot be searched for.", key=key)
    return parts


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidInput(f"A filter is at most {MAX_DEPTH} levels deep.")


def _name(path: Sequence[str]) -> str:
    return ".".join(path)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _unknown(operator: str) -> InvalidInput:
    return InvalidInput(
        f"The operator {operator!r} cannot be used.", hint=f"There are: {_KNOWN}.", key=operator
    )
