"""Waiting for something to become true, never for a time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SHORTEST, LONGEST = 0.005, 0.05  # seconds between two looks
SHARE = 0.05  # of what was waited so far


def wait_until(
    predicate: Callable[[], T],
    *,
    timeout: float = 30.0,
    on_timeout: Callable[[], object] = lambda: "",
    longest: float = LONGEST,
) -> T:
    """Return the first true value; after `timeout` seconds fail with the diagnostics.

    The longer it takes, the seldomer it looks, at most `longest` seconds apart: whoever is looked at needs
    the same processors to get on.
    """
    began = time.monotonic()
    while not (value := predicate()):
        if (waited := time.monotonic() - began) > timeout:
            raise AssertionError(f"not true after {timeout} s: {on_timeout()}")
        time.sleep(min(max(waited * SHARE, SHORTEST), longest))
    return value
