from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shoal.jobs.model import Retry
from shoal.jobs.store.ranking import AGE, place
from shoal.jobs.store.retrying import delay

times = st.integers(0, 2**50)
priorities = st.integers(-100, 100)


def urgency(moment: int, queued: int, priority: int) -> float:
    return priority * AGE + (moment - queued)


@given(times, times, priorities, priorities, times)
def test_the_order_by_rank_is_the_order_by_urgency_at_any_moment(
    first: int, second: int, high: int, low: int, wait: int
) -> None:
    moment = max(first, second) + wait
    one, two = (place(t, priority=p, not_before=None).rank for t, p in ((first, high), (second, low)))
    assert (one < two) == (urgency(moment, first, high) > urgency(moment, second, low))


def test_a_minute_of_waiting_is_worth_a_point() -> None:
    patient = place(0, priority=0, not_before=None)
    assert patient.rank == place(AGE, priority=1, not_before=None).rank
    assert patient.rank < place(AGE + 1, priority=1, not_before=None).rank


def test_waiting_for_others_goes_before_waiting_for_a_time() -> None:
    assert place(5, priority=0, not_before=9, pending=1).waits == "dependency"
    assert place(5, priority=0, not_before=9) == ("time", 9, 9)
    assert place(5, priority=0, not_before=3) == ("ready", 5, 5)


@given(st.integers(1, 10_000))
def test_pauses_grow_to_their_bound_and_are_spread(failures: int) -> None:
    retry = Retry(backoff=1, factor=2, max_delay=300, jitter=0.1)
    exact = min(2.0 ** min(failures - 1, 20), 300)
    assert 0.9 * exact <= delay(retry, failures) / 1e6 <= 1.1 * exact
