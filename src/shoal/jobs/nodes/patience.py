"""Asking again, ever less often, until it works or nobody wants it any more."""

from __future__ import annotations

import threading

from shoal.base.errors import ShoalError

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class Patience:
    """Pause between two tries; `ended` cuts a pause short, and then there is no other."""

    def __init__(self, ended: threading.Event) -> None:
        self._ended = ended
        self._pause = FIRST_PAUSE

    def pause(self, error: ShoalError) -> None:
        """Wait before the next try; raises the error when there will be none."""
        if not self.paused():
            raise error

    def paused(self) -> bool:
        """Wait before the next try and say whether there will be one."""
        pause, self._pause = self._pause, min(LONGEST_PAUSE, self._pause * 2)
        return not self._ended.wait(pause)
