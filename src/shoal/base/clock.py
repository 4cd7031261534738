"""Times as whole microseconds since 1970 in UTC, the only form that is stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

SECOND = 1_000_000


def now() -> int:
    """Return the present time in microseconds."""
    return time.time_ns() // 1_000


def steady(wall: Callable[[], int] = now, ticks: Callable[[], int] = time.monotonic_ns) -> Callable[[], int]:
    """Return what tells the time as `now` does at this moment, and goes on evenly when clocks are set."""
    begun, first = wall(), ticks()
    return lambda: begun + (ticks() - first) // 1_000


def to_datetime(microseconds: int) -> datetime:
    """Return an aware UTC datetime for a stored time."""
    seconds, rest = divmod(microseconds, SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def isoformat(microseconds: int) -> str:
    """Return a stored time as RFC 3339 text, to the microsecond."""
    return to_datetime(microseconds).isoformat(timespec="microseconds").replace("+00:00", "Z")
