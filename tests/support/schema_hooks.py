"""What the description's tester has to be told: how a part of an upload is written."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.serializer("application/offset+octet-stream")
def part(ctx: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
