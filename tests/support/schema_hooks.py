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


@schemathesis.hook
def map_query(ctx: Any, query: Any) -> Any:
    """Let no request wait long for what may never change."""
    wait = query.get("wait") if isinstance(query, dict) else None
    if isinstance(wait, int | float) and 1 < wait <= 60:
        return {**query, "wait": 1.0}
    return query
