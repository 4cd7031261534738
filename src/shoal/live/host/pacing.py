"""How fast and how long a task runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import ceil, inf

from shoal.base.ending import Judge
from shoal.live.model import Pace


def reached(pace: Pace, iterations: int, pushed: int) -> bool:
    """Say whether a run has done what it was asked for; without `iter` and `iter_per_data` it never has."""
    return iterations >= goal(pace, pushed)


def goal(pace: Pace, pushed: int) -> float:
    """Return how many iterations end a run to which so many rows were pushed; infinity when none do."""
    return inf if pace.iter <= 0 and pace.iter_per_data <= 0 else pace.iter + pushed * pace.iter_per_data


def met(pace: Pace, figures: Mapping[str, float]) -> bool:
    """Say whether the run's own condition is so, given the figures that `base.ending` names."""
    return bool(pace.until) and _judge(pace.until).met(figures)


def next_stop(pace: Pace, iterations: int, pushed: int) -> float:
    """Return after how many iterations to look next whether the run is over; infinity when none end it."""
    named = _judge(pace.until).milestones("iterations") if pace.until else ()
    # One more than it is compared with, for `>`.
    stops = (stop for each in named for stop in (ceil(each), ceil(each) + 1) if stop > iterations)
    return min([goal(pace, pushed), *stops])


def endless(pace: Pace) -> bool:
    """Say whether no number of iterations ends a run."""
    counted = pace.until and "iterations" in _judge(pace.until).figures
    return pace.iter <= 0 and pace.iter_per_data <= 0 and not counted


@lru_cache(maxsize=256)
def _judge(text: str) -> Judge:
    return Judge(text)


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
