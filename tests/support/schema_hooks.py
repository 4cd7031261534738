"""What the description's tester has to be told: how bodies are written that are no JSON."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.serializer(
    "application/offset+octet-stream",
    "application/x-ndjson",
    "text/csv",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
)
def part(ctx: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
