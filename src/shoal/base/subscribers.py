"""Who wants to be woken when something happened."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Subscribers:
    """Keep functions to call; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wakes: dict[object, Callable[[], None]] = {}

    def add(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Add a function and return the function that takes it out again."""
        key = object()
        with self._lock:
            self._wakes[key] = wake

        def remove() -> None:
            with self._lock:
                self._wakes.pop(key, None)

        return remove

    def wake(self) -> None:
        """Call every function."""
        with self._lock:
            wakes = list(self._wakes.values())
        for wake in wakes:
            wake()
