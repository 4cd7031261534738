"""Ctrl-C that cannot be lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """Remember that somebody pressed Ctrl-C.

    The exception alone does not suffice: where Python happens to run a finaliser or a callback of its own in
    that moment, it is printed or dropped, and the program goes on.
    """

    def __init__(self) -> None:
        self._asked = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if it was pressed."""
        if self._asked:
            raise KeyboardInterrupt

    def note(self, number: int, frame: FrameType | None) -> None:
        """Take the signal."""
        self._asked = True
        raise KeyboardInterrupt


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Take Ctrl-C until the block ends, unless whoever started this program has it ignored."""
    noticed, before = Interruption(), signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, noticed.note)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGINT, before)
