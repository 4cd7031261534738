from __future__ import annotations

from math import inf

from shoal.jobs.workers.pacing import MOST_AHEAD, Pace


def test_nothing_is_taken_ahead_of_jobs_nobody_knows() -> None:
    pace = Pace()
    assert (pace.ahead(), pace.expected("any")) == (0, inf)


def test_the_shorter_the_jobs_the_more_are_taken_ahead() -> None:
    ahead = []
    for seconds in (1e-5, 1e-3, 1e-2, 0.1, 10.0):
        pace = Pace()
        pace.learn("one", seconds)
        ahead.append(pace.ahead())
    assert ahead == [MOST_AHEAD, 30, 3, 1, 0]


def test_the_newest_durations_count_most() -> None:
    pace = Pace()
    for seconds in [0.001] * 50 + [1.0] * 20:
        pace.learn("one", seconds)
    assert 0.9 < pace.expected("one") < 1.0
    assert pace.ahead() == 0
