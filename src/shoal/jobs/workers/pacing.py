"""How far ahead to take leases, learnt from how long jobs last.

A worker that waits for a commit between two jobs of a millisecond does little else; a lease taken ahead of
a job of a minute is kept from those who are free. So: hold leases ahead for about `AHEAD` seconds of work,
and let a worker have more than one only while they are together expected to last less than `STACK` seconds.
"""

from __future__ import annotations

from math import ceil, inf

AHEAD = 0.03
STACK = 0.005
MOST_AHEAD = 128  # leases ahead, for each worker
MOST_STACKED = 64
LONG = 0.5  # seconds from which on a job is worth waiting a commit for, and nothing should wait behind it
_WEIGHT = 0.2  # of the newest duration in the moving average


class Pace:
    """Learn the durations of jobs by their kind."""

    def __init__(self, seconds: float = AHEAD) -> None:
        """Learn; hold leases ahead for so many seconds of work."""
        self._seconds = seconds
        self._kinds: dict[str, float] = {}
        self._all: float | None = None

    def learn(self, kind: str, seconds: float) -> None:
        """Take note of how long a job lasted."""
        self._kinds[kind] = _moved(self._kinds.get(kind), seconds)
        self._all = _moved(self._all, seconds)

    def expected(self, kind: str) -> float:
        """Return how long a job of this kind is expected to last; infinity when none has ended yet."""
        return self._kinds.get(kind, inf)

    def ahead(self) -> int:
        """Return how many leases to hold ahead for each worker."""
        if self._all is None or self._all >= LONG:
            return 0
        return min(MOST_AHEAD, ceil(self._seconds / max(self._all, 1e-6)))


def _moved(mean: float | None, value: float) -> float:
    return value if mean is None else mean + _WEIGHT * (value - mean)
