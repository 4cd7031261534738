"""Which task kills its hosts: a process that dies says nothing about which of its tasks it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

PROBATION = 2.0  # seconds after which a task that is followed again is above suspicion
SUSPECT = 2  # hosts that died with a task, before it is given to one only when no other suspect is there
GUILTY = 5  # hosts that died with a task as the only suspect


class Suspicion:
    """Count the hosts that died with a task; times are seconds of any one clock."""

    def __init__(self) -> None:
        self._deaths: Counter[str] = Counter()
        self._alone: Counter[str] = Counter()
        self._since: dict[str, float] = {}

    def may_begin(self, task: str, others: Collection[str], now: float) -> bool:
        """Say whether a task may be given now to a host that follows others."""
        if not self.is_suspect(task):
            return True
        return not any(self.is_suspect(other) and not self._is_cleared(other, now) for other in others)

    def begins(self, task: str, now: float) -> None:
        """Take note that a host begins to follow a task."""
        self._since[task] = now

    def is_suspect(self, task: str) -> bool:
        """Say whether several hosts have died with a task."""
        return self._deaths[task] >= SUSPECT

    def died(self, tasks: Collection[str], now: float) -> str | None:
        """Take note that a host died with tasks; returns the one that is guilty, if one is."""
        fresh = [task for task in tasks if not self._is_cleared(task, now)]
        suspects = [task for task in fresh if self.is_suspect(task)]
        for task in tasks:
            if task in fresh:
                self._deaths[task] += 1
            else:
                self.clear(task)
        if len(suspects) == 1:
            self._alone[suspects[0]] += 1
            if self._alone[suspects[0]] >= GUILTY:
                return suspects[0]
        return None

    def clear(self, task: str) -> None:
        """Forget everything about a task."""
        for known in (self._deaths, self._alone, self._since):
            known.pop(task, None)

    def _is_cleared(self, task: str, now: float) -> bool:
        """Say whether a task was followed for long enough without harm."""
        return now - self._since.get(task, now) > PROBATION
