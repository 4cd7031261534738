"""Waiting for something on the server without asking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from shoal.base.problems import error_of_problem
from shoal.client.calls import Ask, Call

# The server answers earlier when something changes.
ROUND = 20.0
# Trouble that lasts longer (a full disk, say) is raised; a moment's (a database that starts again) is not.
TROUBLE = 5.0
ENDS = frozenset({"succeeded", "failed", "cancelled", "lost"})


def waited(
    path: str, facts: dict[str, Any], timeout: float | None, on_facts: Callable[[dict[str, Any]], None]
) -> Call[None]:
    """Return when a study or job has ended; `on_facts` is called with what it is, now and after each change.

    Raises:
        TimeoutError: it has not ended after `timeout` seconds.
        StorageFull, Unavailable, Forbidden: for a while nothing goes on there; it will when that is mended.
    """
    on_facts(facts)
    well = time.monotonic()
    end = None if timeout is None else well + timeout
    while facts["state"] not in ENDS:
        left = ROUND if end is None else min(ROUND, end - time.monotonic())
        if left <= 0:
            raise TimeoutError(f"{path.rpartition('/')[2]} has not ended; it is {facts['state']}.")
        params = {"wait": round(left, 3), "after": facts["seq"]}
        facts = (yield Ask("GET", path, params=params, patience=left + 30)).json()
        on_facts(facts)
        if not facts["trouble"]:
            well = time.monotonic()
        elif time.monotonic() - well > TROUBLE:
            raise error_of_problem(facts["trouble"], 503)
