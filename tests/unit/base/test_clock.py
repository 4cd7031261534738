"""Times that are told: whatever becomes of the machine's clock, a steady one goes on evenly."""

from __future__ import annotations

from shoal.base.clock import SECOND, now, steady


def test_a_steady_clock_begins_now() -> None:
    before = now()
    assert 0 <= steady()() - before < 60 * SECOND


def test_a_steady_clock_does_not_follow_one_that_is_set() -> None:
    wall, ticks = [1_000 * SECOND], [5_000_000_000]
    told = steady(lambda: wall[0], lambda: ticks[0])
    wall[0] -= 3600 * SECOND
    ticks[0] += 2_000_000_000
    assert told() == 1_002 * SECOND
