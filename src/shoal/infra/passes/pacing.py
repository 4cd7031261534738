"""How long to wait before looking again: a share of the time that nothing has changed."""

from __future__ import annotations

from collections.abc import Callable

from shoal.base.clock import SECOND

_SHARE = 0.05
_SHORTEST, _LONGEST = 0.1, 5.0  # seconds


class Pace:
    """Tell when to look again; a change makes it short."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._changed = clock()
        self._seen = -1

    def pause(self, changes: int) -> float:
        """Return how many seconds to wait; `changes` grows with every change."""
        if changes != self._seen:
            self._seen, self._changed = changes, self._clock()
        quiet = (self._clock() - self._changed) / SECOND
        return min(max(_SHARE * quiet, _SHORTEST), _LONGEST)
