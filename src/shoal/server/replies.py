"""Bodies of replies, written by orjson."""

from __future__ import annotations

import json
from typing import Any

import orjson
from starlette.responses import Response


class Json(Response):
    """A JSON reply; dataclasses, numpy numbers and non-text keys are understood, NaN becomes null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        try:
            return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        except orjson.JSONEncodeError:
            # Half a surrogate pair, quoted from a request: only escapes can carry it.
            return json.dumps(content, default=str).encode()


class ProblemJson(Json):
    """A problem (RFC 9457)."""

    media_type = "application/problem+json"
