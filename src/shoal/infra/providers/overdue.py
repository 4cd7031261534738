"""Scripts that take too long are killed, and end with the code that coreutils' `timeout` has for them."""

from __future__ import annotations

from collections.abc import Callable

TIMED_OUT = 124


def killed(tell: Callable[[bytes], None], timeout: float) -> int:
    """Tell that a script was killed after so many seconds, and return what it ended with."""
    tell(f"== killed: it took longer than {timeout:g} s\n".encode())
    return TIMED_OUT
