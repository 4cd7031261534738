"""When a cron line comes true, in its own time zone.

The five fields are minute, hour, day of month, month and day of week, as in Debian's cron: an hour that
does not exist because clocks go forward is done right after, one that comes twice is done once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from shoal.base.clock import SECOND
from shoal.base.errors import InvalidInput

EXAMPLE = "Five fields like `30 6 * * 1-5`: minute, hour, day of month, month, day of week."


def check(cron: str, zone: str) -> None:
    """Raise InvalidInput when a cron line or a time zone cannot be used, or no time is ever meant."""
    if not upcoming(cron, zone, int(datetime.now(UTC).timestamp() * SECOND), 1):
        raise InvalidInput(f"The cron line {cron!r} names no time that ever comes.", hint=EXAMPLE)


def upcoming(cron: str, zone: str, after: int, n: int) -> list[int]:
    """Return the next n times (µs) after one; fewer when no more come within fifty years.

    Raises:
        InvalidInput: the cron line or the time zone cannot be used.
    """
    return [round(time.timestamp() * SECOND) for time in islice(_times(cron, zone, after), n)]


def next_after(cron: str, zone: str, after: int) -> int | None:
    """Return the next time (µs) after one, None when none comes; raises what `upcoming` raises."""
    return next(iter(upcoming(cron, zone, after, 1)), None)


def _times(cron: str, zone: str, after: int) -> Iterator[datetime]:
    start = datetime.fromtimestamp(after / SECOND, UTC).astimezone(_zone(zone))
    try:
        if len(cron.split()) != 5:
            raise CronSimError("It has not five fields")
        return CronSim(cron, start)
    except CronSimError as error:
        message = f"The cron line {cron!r} cannot be read: {str(error).lower()}."
        raise InvalidInput(message, hint=EXAMPLE, cron=cron) from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError.
        hint = "Names are like Europe/Vienna or UTC."
        raise InvalidInput(f"There is no time zone {name!r}.", hint=hint, zone=name) from error
