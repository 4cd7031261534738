"""Waiting for something on the server without asking again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from shoal.client.calls import Ask, json_of
from shoal.client.driver import Driver
from shoal.client.errors import error_of_problem

# The server answers earlier when something changes.
ROUND = 20.0
# Trouble that lasts longer (a full disk, say) is raised; a moment's (a database that starts again) is not.
TROUBLE = 5.0
ENDS = frozenset({"succeeded", "failed", "cancelled", "lost"})


def waited(driver: Driver, path: str, facts: dict[str, Any], end: float | None) -> Iterator[dict[str, Any]]:
    """Yield what a study or job is after each change, the last time when it has ended.

    Raises:
        TimeoutError: it has not ended by `end` (of the monotonic clock).
        StorageFull, Unavailable, Forbidden: for a while nothing goes on there; it will when that is mended.
    """
    yield facts
    well = time.monotonic()
    while facts["state"] not in ENDS:
        left = ROUND if end is None else min(ROUND, end - time.monotonic())
        if left <= 0:
            raise TimeoutError(f"{path.rpartition('/')[2]} has not ended; it is {facts['state']}.")
        ask = Ask("GET", path, params={"wait": round(left, 3), "after": facts["seq"]}, patience=left + 30)
        facts = driver.run(json_of(ask))
        yield facts
        if not facts["trouble"]:
            well = time.monotonic()
        elif time.monotonic() - well > TROUBLE:
            raise error_of_problem(facts["trouble"], 503)
