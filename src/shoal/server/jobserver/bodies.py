"""Bodies as its users send them: JSON, whatever the content type says."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request

from shoal.base.errors import InvalidInput
from shoal.jobs.requests.keeping import unkeepable

EXAMPLE = 'Send a JSON object, like {"script_name": "summary"}.'


async def object_of(request: Request) -> dict[str, Any]:
    """Return the JSON object of a body, an empty one for no body.

    Raises:
        InvalidInput: it is no JSON object, or holds what no database can keep.
    """
    content = await request.body()
    if not content.strip():
        return {}
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.", hint=EXAMPLE, code="not_json") from error
    if not isinstance(body, dict):
        raise InvalidInput("The body is not a JSON object.", hint=EXAMPLE)
    for fault in unkeepable(body):
        place = ".".join(map(str, fault.at)) or "the body"
        raise InvalidInput(f"The body cannot be kept: look at {place}.", hint=fault.message)
    return body
