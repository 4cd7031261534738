"""Long lists, part by part."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Query

from shoal.base.errors import InvalidInput
from shoal.server.replies import Json

T = TypeVar("T")
FREE_TEXT = r"^[^\x00-\x1f\x7f]*$"
LARGEST = 2**63 - 1
Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the part before")]
Text = Annotated[
    str,
    Query(max_length=255, pattern=FREE_TEXT, description="a part of the name, or the beginning of the id"),
]
Place = int | str | float | None


def encode(*place: Place) -> str:
    """Return an opaque word for the last item of a part."""
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type | tuple[type, ...]) -> tuple[Any, ...] | None:
    """Return what `encode` was given, None for no cursor; a place that may be of several types names all.

    Raises:
        InvalidInput: the word was not made here.
    """
    if cursor is None:
        return None
    try:
        place = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list) or not _fits(place, kinds):
        raise InvalidInput("That is not a cursor.", hint="Use `next` of the part before.")
    return tuple(place)


def _fits(place: list[Any], kinds: tuple[type | tuple[type, ...], ...]) -> bool:
    allowed = [kind if isinstance(kind, tuple) else (kind,) for kind in kinds]
    return len(place) == len(allowed) and all(
        type(each) in kind and _storable(each) for each, kind in zip(place, allowed, strict=True)
    )


def _storable(value: Any) -> bool:
    """Say whether a database can be asked for a value."""
    if isinstance(value, str):
        return "\x00" not in value
    return not isinstance(value, int) or abs(value) <= LARGEST


def part(
    name: str, found: Sequence[T], limit: int, view: Callable[[T], Any], place: Callable[[T], str]
) -> Json:
    """Return one part of a list; `found` has one item more than `limit` when there is a next part."""
    shown = found[:limit]
    return Json(
        {name: [view(item) for item in shown], "next": place(shown[-1]) if len(found) > limit else None}
    )
