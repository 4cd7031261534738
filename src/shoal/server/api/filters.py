"""Filters in a query: JSON objects as MongoDB has them, of which only safe operators are known."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Query

from shoal.base.errors import InvalidInput

WHERE = 'a filter over fields, other keys in `extra`: {"sample.site": {"$gte": 4}}'
Where = Annotated[str | None, Query(max_length=4096, description=WHERE)]


def filter_of(where: str | None) -> dict[str, Any] | None:
    """Return the filter that a query holds, None for none; raises InvalidInput."""
    if where is None:
        return None
    try:
        wanted = orjson.loads(where)
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        problem = {"in": "query", "pointer": "/where", "message": "This is not a JSON object."}
        raise InvalidInput("`where` is not a JSON object.", hint='Like {"sample.site": 4}.', errors=[problem])
    return wanted
