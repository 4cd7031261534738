"""The leases a worker holds and has not begun."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from shoal.jobs.workers.protocol import Assignment


class Inbox:
    """Pass leases from the thread that listens to the thread that works, and let them be taken back."""

    def __init__(self) -> None:
        self._leases: deque[Assignment] = deque()
        self._filled = threading.Condition()

    def put(self, leases: Sequence[Assignment]) -> None:
        """Add leases at the end."""
        with self._filled:
            self._leases.extend(leases)
            self._filled.notify()

    def take(self) -> Assignment:
        """Wait for the next lease; from now on it is begun."""
        with self._filled:
            while not self._leases:
                self._filled.wait()
            return self._leases.popleft()

    def withdraw(self, token: str | None = None) -> list[str]:
        """Remove one lease, or all, that are not begun, and return their tokens."""
        with self._filled:
            gone = [lease.token for lease in self._leases if token in (None, lease.token)]
            self._leases = deque(lease for lease in self._leases if lease.token not in gone)
            return gone
