"""The moment when the server is told to stop: open streams end, other requests are finished."""

from __future__ import annotations

import asyncio


class Draining:
    """Tell every open stream once that the server stops."""

    def __init__(self) -> None:
        self._begun = False
        self._wakes: set[asyncio.Event] = set()

    @property
    def begun(self) -> bool:
        """Say whether the server stops."""
        return self._begun

    def begin(self) -> None:
        """Wake every stream; call it in the event loop."""
        self._begun = True
        for wake in self._wakes:
            wake.set()

    def join(self, wake: asyncio.Event) -> None:
        """Have an event set when the server stops."""
        self._wakes.add(wake)
        if self._begun:
            wake.set()

    def leave(self, wake: asyncio.Event) -> None:
        """Forget an event."""
        self._wakes.discard(wake)
