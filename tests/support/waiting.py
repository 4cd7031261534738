"""Waiting for something to become true, never for a time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(
    predicate: Callable[[], T], *, timeout: float = 30.0, on_timeout: Callable[[], object] = lambda: ""
) -> T:
    """Return the first true value; after `timeout` seconds fail with the diagnostics."""
    end = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > end:
            raise AssertionError(f"not true after {timeout} s: {on_timeout()}")
        time.sleep(0.005)
    return value
