"""How fast and how long a task runs."""

from __future__ import annotations

from math import inf

from shoal.live.model import Pace


def reached(pace: Pace, iterations: int, pushed: int) -> bool:
    """Say whether a run has done what it was asked for; without `iter` and `iter_per_data` it never has."""
    return iterations >= goal(pace, pushed)


def goal(pace: Pace, pushed: int) -> float:
    """Return how many iterations end a run to which so many rows were pushed; infinity when none do."""
    return inf if endless(pace) else pace.iter + pushed * pace.iter_per_data


def endless(pace: Pace) -> bool:
    """Say whether no number of iterations ends a run."""
    return pace.iter <= 0 and pace.iter_per_data <= 0


class Turns:
    """Keep turns at least 1 / `per_second` seconds apart; 0 means no bound."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second if per_second > 0 else 0.0
        self.due = -inf

    def taken(self, now: float) -> None:
        """Note a turn that began at the moment."""
        self.due = now + self._gap


class Allowance:
    """Let at most `per_second` rows through in each second; 0 means no bound.

    What is not used is kept for a tenth of a second, so that a pause is not followed by a burst.
    """

    def __init__(self, per_second: float) -> None:
        self._rate = per_second if per_second > 0 else inf
        self._most = max(1.0, self._rate / 10)
        self._left = 1.0
        self._at: float | None = None

    def rows(self, now: float) -> float:
        """Return how many rows may be taken now: a whole number, or infinity."""
        if self._rate == inf:
            return inf
        passed = 0.0 if self._at is None else now - self._at
        self._left = min(self._most, self._left + passed * self._rate)
        self._at = now
        return float(int(self._left + 1e-9))

    def take(self, rows: int) -> None:
        """Note rows that were taken."""
        self._left -= rows if self._rate < inf else 0

    def due(self, now: float) -> float:
        """Return the moment at which a row may be taken."""
        return now if self.rows(now) >= 1 else now + (1 - self._left) / self._rate
