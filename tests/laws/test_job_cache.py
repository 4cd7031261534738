"""Laws of the result cache: what a job found under a key, a later one of its owner has at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from shoal.base import events
from shoal.jobs import kinds
from shoal.jobs.kinds import Kind
from shoal.jobs.model import NO_RETRY, Dependency, Job, NewJob
from shoal.jobs.states import Reason, State
from shoal.jobs.store import housekeeping, quotas, submission
from shoal.jobs.store.housekeeping import Retention
from tests.support.store import Store

RECORDED = "tests.recorded"


def found(store: Store, result: Any, **fields: Any) -> int:
    """Return a job that has found something under the key `k`."""
    id_ = store.submit_one(cache_key="k", **fields)
    store.succeed(store.lease_one(), result)
    return id_


def test_a_job_takes_the_newest_result_of_its_key_and_is_not_done(store: Store) -> None:
    found(store, {"n": 1})
    newest = store.submit_one(cache_key="other")
    store.succeed(store.lease_one(), {"n": 0})
    first = store.find()[-1].id
    store.rerun(first)
    store.succeed(store.lease_one(), {"n": 2})
    cached = store.submit_one(cache_key="k")
    job = store.job(cached)
    assert (job.state, job.result, job.cached_from, job.reason) == (State.SUCCEEDED, {"n": 2}, first, None)
    assert job.ended is not None
    assert store.attempts(cached) == []
    assert store.lease(9) == []
    assert store.job(newest).cached_from is None


def test_only_what_succeeded_for_the_same_owner_and_kind_is_taken(store: Store) -> None:
    for _ in range(2):
        store.submit_one(cache_key="k", retry=NO_RETRY)
    store.fail(store.lease_one())
    store.succeed(store.lease_one(), {"n": 1})
    others = [
        store.submit_one(cache_key="k", owner="you"),
        store.submit_one("other", cache_key="k"),
        store.submit_one(cache_key="K"),
        store.submit_one(),
        store.submit_one(cache_key="k", draft=True),
    ]
    assert {store.state(id_) for id_ in others} == {State.QUEUED, State.DRAFT}
    assert store.state(store.submit_one(cache_key="k")) is State.SUCCEEDED


def test_a_job_that_waits_for_others_is_done(store: Store) -> None:
    found(store, 1)
    upstream = store.submit_one()
    waiting = store.submit_one(cache_key="k", after=[Dependency(upstream)])
    assert store.job(waiting).reason is Reason.DEPENDENCY


def test_jobs_that_wait_for_a_cached_one_are_ready(store: Store) -> None:
    found(store, 1)
    cached, waiting = store.submit(NewJob("sum", cache_key="k"), NewJob("sum", after=[Dependency(batch=0)]))
    assert store.state(cached) is State.SUCCEEDED
    assert store.job(waiting).reason is Reason.READY
    told = store.database.read(lambda c: events.after(c, 0, ["jobs"], subject=str(cached)))
    assert [event.kind for event in told] == ["succeeded"]


def test_a_draft_takes_a_result_when_it_is_released(store: Store) -> None:
    store.write(lambda c: quotas.grant(c, "me", 9))
    found(store, {"n": 1})
    draft = store.submit_one(cache_key="k", draft=True)
    waiting = store.submit_one(after=[Dependency(draft)])
    assert store.state(draft) is State.DRAFT
    store.write(lambda c: submission.release(c, [draft]))
    assert (store.state(draft), store.job(draft).result) == (State.SUCCEEDED, {"n": 1})
    assert store.job(waiting).reason is Reason.READY
    assert store.lease_one().job_id == waiting


def test_running_a_cached_job_again_does_it(store: Store) -> None:
    found(store, 1)
    cached = store.submit_one(cache_key="k")
    store.rerun(cached)
    job = store.job(cached)
    assert (job.state, job.cached_from, job.result) == (State.QUEUED, None, None)
    store.succeed(store.lease_one(), 2)
    assert store.job(store.submit_one(cache_key="k")).cached_from == cached


def test_a_result_is_kept_while_another_job_shows_it(store: Store) -> None:
    original = found(store, 1)
    cached = store.submit_one(cache_key="k")
    everything = Retention(jobs=0.0, logs=None, events=None)
    store.write(lambda c: housekeeping.collect(c, everything))
    assert [job.id for job in store.find()] == [original]
    store.write(lambda c: housekeeping.collect(c, everything))
    assert store.find() == []
    assert cached != original


@pytest.fixture
def recorded() -> Iterator[list[tuple[int, Any]]]:
    seen: list[tuple[int, Any]] = []

    def record(_: Connection, job: Job, result: Any) -> None:
        seen.append((job.id, result))

    kinds.register(Kind(RECORDED, run="tests.support.work:nothing", record=record, charged=True))
    yield seen
    kinds._kinds.pop(RECORDED)


def test_what_a_kind_records_is_recorded_of_a_cached_job_too_and_costs_nothing(
    store: Store, recorded: list[tuple[int, Any]]
) -> None:
    store.write(lambda c: quotas.grant(c, "me", 1))
    found(store, {"n": 1}, kind=RECORDED)
    cached = store.submit_one(RECORDED, cache_key="k")
    assert recorded == [(cached, {"n": 1})]
