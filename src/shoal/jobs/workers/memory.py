"""The peak memory of one job in a process that runs many."""

from __future__ import annotations

import os
import resource
import sys


class PeakMeter:
    """Read and reset this process's peak resident memory.

    On Linux the kernel's high-water mark is reset between jobs; elsewhere, the peak is that of the
    process's whole life, an upper bound.
    """

    def __init__(self) -> None:
        self._status = _opened("/proc/self/status", os.O_RDONLY)
        self._reset = _opened("/proc/self/clear_refs", os.O_WRONLY)

    def reset(self) -> None:
        """Forget the peak so far."""
        if self._reset is not None:
            try:
                os.pwrite(self._reset, b"5", 0)
            except OSError:
                self._reset = None

    def peak(self) -> int:
        """Return the peak since the last reset, in bytes."""
        if self._status is None or self._reset is None:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return peak if sys.platform == "darwin" else peak * 1024
        status = os.pread(self._status, 4096, 0)
        _, _, after = status.partition(b"VmHWM:")
        return int(after.split(None, 1)[0]) * 1024


def _opened(path: str, flags: int) -> int | None:
    try:
        return os.open(path, flags | os.O_CLOEXEC)
    except OSError:
        return None
