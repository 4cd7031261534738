"""Searching documents for equal values, at any depth, with nothing of the caller's in the query's text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, literal, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from shoal.base.errors import InvalidInput
from shoal.base.transaction import is_postgres

MAX_DEPTH = 16
_TYPES = {bool: ("true", "false"), int: ("integer", "real"), float: ("integer", "real"), str: ("text",)}


def equal(conn: Connection, column: Column[Any], wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Return the conditions that a JSON object has the values of another at the same places.

    Raises:
        InvalidInput: a value is a list, or a key cannot be asked for.
    """
    leaves = list(_leaves(wanted, ()))
    if is_postgres(conn):
        return [type_coerce(column, JSONB()).contains(wanted)]
    return [_at(column, path, value) for path, value in leaves]


def _leaves(wanted: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in wanted.items():
        here = (*path, key)
        if '"' in key or "\\" in key or "\0" in key or len(here) > MAX_DEPTH:
            raise InvalidInput(f"The key {key!r} cannot be searched for.")
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, here)
        elif value is None or type(value) in _TYPES:
            yield here, value
        else:
            raise InvalidInput(f"{'.'.join(here)} can be searched for one value, not for {value!r}.")


def _at(column: Column[Any], path: tuple[str, ...], value: Any) -> ColumnElement[bool]:
    place = literal("$" + "".join(f'."{key}"' for key in path))
    kind = func.json_type(column, place)
    if value is None:
        return kind == "null"
    if isinstance(value, bool):
        return kind == ("true" if value else "false")
    return kind.in_(_TYPES[type(value)]) & (func.json_extract(column, place) == literal(value))
