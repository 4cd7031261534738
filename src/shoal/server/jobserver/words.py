"""Values as the older service wrote them: everything but an object is a text."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_of(value: Any) -> Any:
    """Return a value as a text, and an object with its values as texts: `None`, `[]`, `12000.0`."""
    if isinstance(value, dict):
        return {name: text_of(below) for name, below in value.items()}
    return str(value)


def time_of(moment: int | None) -> str:
    """Return a time (microseconds) as `YYYY-mm-dd HH:MM:SS.ffffff` in UTC; `None` for none."""
    if moment is None:
        return "None"
    # Not from a float of seconds: that rounds.
    return f"{_EPOCH + timedelta(microseconds=moment):%Y-%m-%d %H:%M:%S.%f}"


def moment_of(text: str) -> int:
    """Return the microseconds of a written time, in UTC unless it says otherwise; raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)


def new_id() -> str:
    """Return a fresh id as the older service made them: 24 hexadecimal digits."""
    return secrets.token_hex(12)
