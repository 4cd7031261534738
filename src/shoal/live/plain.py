"""A wish as plain JSON: one form in the database, on sockets, in requests; every fault by its pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shoal.base.errors import InvalidInput
from shoal.base.pointers import pointer, words
from shoal.live.model import Wish
from shoal.live.wishing import WishForm

_FORM = TypeAdapter(WishForm)


def plain(wish: Wish) -> dict[str, Any]:
    """Return a wish as JSON values: the names of the dataclasses' fields, all of them."""
    return asdict(wish)


def wish_of(given: Mapping[str, Any]) -> Wish:
    """Return the wish that JSON values stand for; what is left out is as by default.

    Raises:
        InvalidInput: something cannot be; `details["errors"]` has a pointer and words for each fault.
    """
    try:
        return _FORM.validate_python(given).wish()
    except ValidationError as error:
        faults = [
            {"in": "body", "pointer": pointer(one["loc"]), "message": words(one)}
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        first = faults[0]
        raise InvalidInput(
            f"The task cannot be as it is asked for: {first['pointer'] or 'it'}: {first['message']}",
            hint="See `errors` for every fault.",
            errors=faults,
        ) from error
