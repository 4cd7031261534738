"""Laws of quotas: one is taken when a job joins the queue, and given back when that did not succeed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shoal.base.errors import InvalidInput, TooManyRequests
from shoal.jobs import kinds
from shoal.jobs.kinds import Kind
from shoal.jobs.model import Dependency, NewJob
from shoal.jobs.states import State
from shoal.jobs.store import quotas, submission
from tests.support.store import Store

CHARGED = "tests.charged"


@pytest.fixture(autouse=True)
def _charged_kind() -> Iterator[None]:
    kinds.register(Kind(CHARGED, run="tests.support.work:nothing", charged=True))
    yield
    kinds._kinds.pop(CHARGED)


@pytest.fixture
def left(store: Store) -> Callable[[], int | None]:
    return lambda: store.database.read(lambda c: quotas.left(c, "me"))


def grant(store: Store, n: int | None) -> None:
    store.write(lambda c: quotas.grant(c, "me", n))


def test_a_quota_is_used_up_and_then_submissions_are_refused_whole(
    store: Store, left: Callable[[], int | None]
) -> None:
    grant(store, 3)
    store.submit(NewJob(CHARGED), NewJob("free"), NewJob(CHARGED))
    assert left() == 1
    with pytest.raises(TooManyRequests) as refused:
        store.submit(NewJob(CHARGED), NewJob(CHARGED))
    assert (refused.value.error_code, refused.value.status) == ("quota_used_up", 429)
    assert refused.value.details["left"] == 1
    assert (left(), len(store.find())) == (1, 3)
    store.submit_one(CHARGED)
    store.submit_one("free")
    store.submit_one(CHARGED, owner="you")
    assert left() == 0


def test_what_does_not_succeed_is_given_back(store: Store, left: Callable[[], int | None]) -> None:
    grant(store, 4)
    good, bad, unwanted = store.submit(*[NewJob(CHARGED)] * 3)
    (below,) = store.submit(NewJob(CHARGED, after=[Dependency(bad)]))
    assert left() == 0
    store.succeed(store.lease_one())
    store.fail(store.lease_one(), kind="exit")
    assert [store.state(id_) for id_ in (good, bad, below)] == ["succeeded", "failed", "failed"]
    assert left() == 2
    store.cancel(unwanted)
    store.cancel(unwanted)
    assert left() == 3


def test_a_retry_costs_nothing_more_and_a_rerun_costs_one(
    store: Store, left: Callable[[], int | None]
) -> None:
    grant(store, 1)
    job = store.submit_one(CHARGED)
    store.fail(store.lease_one())
    assert (store.state(job), left()) == (State.RETRYING, 0)
    store.cancel(job)
    assert left() == 1
    store.rerun(job)
    assert left() == 0
    store.succeed(store.lease_one())
    with pytest.raises(TooManyRequests):
        store.rerun(job)
    assert (store.state(job), left()) == (State.SUCCEEDED, 0)


def test_a_draft_costs_nothing_before_it_is_released(store: Store, left: Callable[[], int | None]) -> None:
    grant(store, 1)
    first, second = store.submit(NewJob(CHARGED, draft=True), NewJob(CHARGED, draft=True))
    assert left() == 1
    with pytest.raises(TooManyRequests):
        store.write(lambda c: submission.release(c, [first, second]))
    assert store.state(first) is State.DRAFT
    store.write(lambda c: submission.release(c, [first]))
    assert left() == 0
    store.cancel(first, second)
    assert left() == 1


def test_a_job_that_was_handed_in_without_a_quota_gives_nothing_back(
    store: Store, left: Callable[[], int | None]
) -> None:
    job = store.submit_one(CHARGED)
    assert left() is None
    grant(store, 5)
    store.cancel(job)
    assert left() == 5
    grant(store, None)
    assert left() is None


def test_the_same_submission_twice_costs_one(store: Store, left: Callable[[], int | None]) -> None:
    grant(store, 2)
    assert store.submit_one(CHARGED, idempotency_key="k") == store.submit_one(CHARGED, idempotency_key="k")
    assert left() == 1


def test_a_quota_is_a_number_from_nought(store: Store) -> None:
    with pytest.raises(InvalidInput):
        grant(store, -1)
