"""Attempts on a line of time: when each was given out, ran and ended, and the waits between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shoal.base import clock
from shoal.jobs.model import Attempt

MOST = 30


class Bar(NamedTuple):
    """One attempt; `left`, `wide` and `waited` are shares of the whole line, `seconds` how long it ran."""

    attempt: Attempt
    left: float
    wide: float
    waited: float
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
    begin = shown[0].leased
    whole = max(max(one.ended or moment for one in shown) - begin, 1)
    befores = [None, *(one.ended for one in shown)]
    bars = [_bar(one, begin, whole, moment, before) for one, before in zip(shown, befores, strict=False)]
    return Timeline(bars, len(own) - len(shown))


def _bar(one: Attempt, begin: int, whole: int, moment: int, before: int | None) -> Bar:
    start, end = one.started or one.leased, one.ended or moment
    return Bar(
        one,
        (one.leased - begin) / whole,
        max((end - start) / whole, 0.004),
        (start - one.leased) / whole,
        max(end - start, 0) / clock.SECOND,
        None if before is None else max(one.leased - before, 0) / clock.SECOND,
    )
