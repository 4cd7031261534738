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
Limit = Annotated[int, Query(ge=1, le=1000, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the part before")]


def encode(*place: int | str) -> str:
    """Return an opaque word for the last item of a part."""
    return urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return what `encode` was given, None for no cursor.

    Raises:
        InvalidInput: the word was not made here.
    """
    if cursor is None:
        return None
    try:
        place = orjson.loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list) or [type(each) for each in place] != list(kinds):
        raise InvalidInput("That is not a cursor.", hint="Use `next` of the part before.")
    return tuple(place)


def part(
    name: str, found: Sequence[T], limit: int, view: Callable[[T], Any], place: Callable[[T], str]
) -> Json:
    """Return one part of a list; `found` has one item more than `limit` when there is a next part."""
    shown = found[:limit]
    return Json(
        {name: [view(item) for item in shown], "next": place(shown[-1]) if len(found) > limit else None}
    )
