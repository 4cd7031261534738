"""The scalars of the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
Elemt = NewType("Elemt", object)
JSON = NewType("JSON", object)
Uuid = NewType("Uuid", str)
LARGEST = 1 << 53  # what every reader of JSON tells from its neighbour


class Bulk(list[Any]):
    """Data that came in a variable: one element for GraphQL, which would look at each number in it."""


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise ValueError(f"Long cannot represent {str(value)[:40]!r}: it is a whole number up to 2^53.")
    return value


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("uuid is text.")
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    Long: strawberry.scalar(
        name="Long", description="A whole number up to 2^53.", serialize=_same, parse_value=_whole
    ),
    Elemt: strawberry.scalar(
        name="Elemt",
        description="A number, a vector, or in the space `series` a list of vectors.",
        serialize=_same,
        parse_value=_same,
    ),
    JSON: strawberry.scalar(name="JSON", description="Any JSON value.", serialize=_same, parse_value=_same),
    Uuid: strawberry.scalar(
        name="uuid",
        description="Another name of String, for the ids of variables.",
        serialize=str,
        parse_value=_text,
    ),
}
