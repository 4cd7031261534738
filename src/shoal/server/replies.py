"""Bodies of replies, written by orjson."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response


class Json(Response):
    """A JSON reply; dataclasses, numpy numbers and non-text keys are understood, NaN becomes null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)


class ProblemJson(Json):
    """A problem (RFC 9457)."""

    media_type = "application/problem+json"
