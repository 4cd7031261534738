"""Attempts on a line of time: when each was given out, ran and ended, and the waits between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoal.base import clock
from shoal.jobs.model import Attempt

MOST = 30


class Bar(NamedTuple):
    """One attempt; `left` and `wide` are shares of the whole line, `seconds` how long it ran.

    `pause` is the time in seconds since the attempt before, None for the first.
    """

    attempt: Attempt
    left: float
    wide: float
    seconds: float
    pause: float | None

    @property
    def told(self) -> str:
        """Return what it ended of, in words."""
        return str((self.attempt.error or {}).get("message", ""))


class Timeline(NamedTuple):
    """The attempts of a generation, oldest first; `left_out` counts those before them."""

    bars: list[Bar]
    left_out: int


def timeline(attempts: Sequence[Attempt], generation: int) -> Timeline:
    """Return the line of a generation's attempts, at most the newest thirty."""
    own = [one for one in attempts if one.generation == generation]
    shown = own[-MOST:]
    if not shown:
        return Timeline([], 0)
    moment = clock.now()
    begin = _start(shown[0])
    whole = max(max(one.ended or moment for one in shown) - begin, 1)
    befores = [None, *(one.ended for one in shown)]
    bars = [_bar(one, begin, whole, moment, before) for one, before in zip(shown, befores, strict=False)]
    return Timeline(bars, len(own) - len(shown))


def _bar(one: Attempt, begin: int, whole: int, moment: int, before: int | None) -> Bar:
    start, end = _start(one), one.ended or moment
    return Bar(
        one,
        min(max(start - begin, 0) / whole, 0.996),
        max((end - start) / whole, 0.004),
        max(end - start, 0) / clock.SECOND,
        None if before is None else max(start - before, 0) / clock.SECOND,
    )


def _start(one: Attempt) -> int:
    """Return when an attempt began to run, or was given out if it has not yet."""
    return one.started or one.leased
