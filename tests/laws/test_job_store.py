"""The life of a job: exactly one recorded result, however its workers live and die."""

from __future__ import annotations

import pytest

from shoal.base.database import Database
from shoal.base.errors import Conflict, NotFound
from shoal.jobs.model import NO_RETRY, NewJob, Outcome, Retry
from shoal.jobs.states import Reason, State
from shoal.jobs.store import finishing, leasing, progress, reading
from tests.support.store import ALICE, BOB, Store
from tests.support.waiting import wait_until

AT_ONCE = Retry(max_attempts=3, backoff=0)
FOREVER = 10**6


def test_a_job_goes_from_queued_to_succeeded(store: Store) -> None:
    id_ = store.submit_one("sum", spec={"of": [1, 2]}, name="three", extra={"note": "é"})
    assert (store.state(id_), store.job(id_).reason) == (State.QUEUED, Reason.READY)
    lease = store.lease_one()
    assert (lease.job_id, lease.kind, lease.spec, lease.attempt) == (id_, "sum", {"of": [1, 2]}, 1)
    assert store.state(id_) is State.LEASED
    assert store.start(lease)
    assert store.state(id_) is State.RUNNING
    assert store.succeed(lease, {"sum": 3})
    job = store.job(id_)
    assert (job.state, job.result, job.error, job.reason) == (State.SUCCEEDED, {"sum": 3}, None, None)
    assert job.created <= (job.started or 0) <= (job.ended or 0)
    assert (job.name, job.extra) == ("three", {"note": "é"})


def test_a_result_is_recorded_once(store: Store) -> None:
    id_ = store.submit_one()
    lease = store.lease_one()
    assert store.succeed(lease, 1)
    assert not store.succeed(lease, 2)
    assert not store.fail(lease)
    assert store.job(id_).result == 1


def test_a_forged_token_changes_nothing(store: Store) -> None:
    id_ = store.submit_one()
    token = store.lease_one().token
    head, _, _ = token.rpartition(".")
    forged = [f"{head}.guess", head, "", "1", "a.b.c", f"{'9' * 30}.1.x", "²³.1.x"]
    done = [(token, Outcome(State.SUCCEEDED)) for token in forged]
    assert not any(store.write(lambda c: finishing.finish_many(c, done)))
    assert store.state(id_) is State.LEASED


def test_the_late_answer_of_a_lost_worker_is_refused(store: Store) -> None:
    id_ = store.submit_one(retry=AT_ONCE)
    late = store.lease_one(ALICE, seconds=0)
    assert store.expire() == 1
    assert store.state(id_) is State.RETRYING
    now = store.lease_one(BOB)
    assert not store.succeed(late, "late")
    assert not store.start(late)
    assert store.succeed(now, "in time")
    assert store.job(id_).result == "in time"
    assert [a.state for a in store.attempts(id_)] == [State.LOST, State.SUCCEEDED]
    assert [a.fence for a in store.attempts(id_)] == [1, 2]


def test_a_job_whose_workers_all_die_is_lost_in_the_end(store: Store) -> None:
    id_ = store.submit_one(retry=AT_ONCE)
    for _ in range(3):
        store.lease_one(seconds=0)
        store.expire()
    job = store.job(id_)
    assert (job.state, job.attempts) == (State.LOST, 3)
    assert job.error is not None and job.error["kind"] == "lost"
    assert store.lease() == []


def test_an_error_is_tried_again_and_then_failed(store: Store) -> None:
    id_ = store.submit_one(retry=AT_ONCE)
    for attempt in range(1, 4):
        assert store.state(id_) is (State.QUEUED if attempt == 1 else State.RETRYING)
        store.fail(store.lease_one(), message=f"try {attempt}")
    job = store.job(id_)
    assert (job.state, (job.error or {})["message"]) == (State.FAILED, "try 3")
    assert [a.number for a in store.attempts(id_)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("on", "error", "again"),
    [
        (("error",), {"kind": "error"}, True),
        (("timeout",), {"kind": "error"}, False),
        (("ConnectionError",), {"kind": "error", "type": "ConnectionError"}, True),
        (("ConnectionError",), {"kind": "error", "type": "ValueError"}, False),
        (("lost", "timeout", "error"), {"kind": "invalid"}, False),
    ],
)
def test_only_the_named_classes_of_error_are_tried_again(
    store: Store, on: tuple[str, ...], error: dict[str, str], again: bool
) -> None:
    id_ = store.submit_one(retry=Retry(on=on, backoff=0))
    store.fail(store.lease_one(), **error)
    assert store.state(id_) is (State.RETRYING if again else State.FAILED)


def test_a_retry_waits_for_its_time(store: Store) -> None:
    id_ = store.submit_one(retry=Retry(backoff=FOREVER, max_delay=FOREVER, jitter=0))
    store.fail(store.lease_one())
    job = store.job(id_)
    assert (job.state, job.reason) == (State.RETRYING, Reason.TIME)
    assert store.lease() == []
    assert store.database.read(leasing.next_due) == job.due


def test_a_retry_comes_when_its_time_has_come(store: Store) -> None:
    store.submit_one(retry=Retry(backoff=0.05, jitter=0))
    store.fail(store.lease_one())
    (lease,) = wait_until(store.lease)
    assert lease.attempt == 2


def test_a_job_given_back_is_not_counted(store: Store) -> None:
    id_ = store.submit_one(retry=NO_RETRY)
    assert store.finish(store.lease_one(), Outcome(State.QUEUED))
    lease = store.lease_one()
    assert (lease.attempt, store.attempts(id_)[0].state) == (1, State.QUEUED)


def test_heartbeats_keep_a_lease(store: Store) -> None:
    id_ = store.submit_one()
    lease = store.lease_one(seconds=0.05)
    due = store.database.read(leasing.next_due) or 0
    assert store.write(lambda c: leasing.heartbeat(c, ALICE, [lease.token], 60)) == []
    assert (store.database.read(leasing.next_due) or 0) > due + 30_000_000
    assert store.expire() == 0
    assert store.state(id_) is State.LEASED


def test_a_heartbeat_names_what_must_stop(store: Store) -> None:
    kept, cancelled, late = (store.submit_one(timeout=t) for t in (None, None, 1e-6))
    leases = {lease.job_id: lease for lease in store.lease(3)}
    for lease in leases.values():
        store.start(lease)
    store.cancel(cancelled)
    tokens = [leases[id_].token for id_ in (kept, cancelled, late)] + ["9.9.x"]
    orders = store.write(lambda c: leasing.heartbeat(c, ALICE, tokens))
    assert {(order.token, order.reason) for order in orders} == {
        (leases[cancelled].token, "cancelled"),
        (leases[late].token, "timeout"),
        ("9.9.x", "stale"),
    }


def test_a_lease_that_must_stop_cannot_be_kept_alive(store: Store) -> None:
    id_ = store.submit_one()
    lease = store.lease_one(seconds=0)
    store.start(lease)
    store.cancel(id_)
    store.write(lambda c: leasing.heartbeat(c, ALICE, [lease.token], 60))
    assert store.expire() == 1
    assert store.state(id_) is State.CANCELLED


def test_an_attempt_past_its_timeout_ends_even_if_its_worker_is_silent(store: Store) -> None:
    id_ = store.submit_one(timeout=1e-6, retry=NO_RETRY)
    store.start(store.lease_one(seconds=0))
    store.expire()
    job = store.job(id_)
    assert (job.state, (job.error or {})["kind"]) == (State.FAILED, "timeout")


def test_a_deadline_ends_what_waits(store: Store) -> None:
    id_ = store.submit_one(deadline=1)
    assert store.lease() == []
    assert store.expire() == 1
    assert (store.job(id_).error or {})["kind"] == "deadline"


def test_the_record_is_written_with_the_result_or_not_at_all(store: Store) -> None:
    first, second = store.submit_one(), store.submit_one()
    leases = store.lease(2)
    seen: list[tuple[int, object]] = []
    done = [(leases[0].token, Outcome(State.SUCCEEDED, result=7)), (leases[1].token, Outcome(State.FAILED))]
    store.write(
        lambda c: finishing.finish_many(c, done, lambda _c, job, result: seen.append((job.id, result)))
    )
    assert seen == [(first, 7)]
    assert store.state(second) is State.RETRYING

    def refuse(*_: object) -> None:
        raise Conflict("no")

    third = store.submit_one()
    lease = store.lease_one(kinds=["sum"])
    with pytest.raises(Conflict):
        store.write(lambda c: finishing.finish(c, lease.token, Outcome(State.SUCCEEDED), refuse))
    assert store.state(third) is State.LEASED


def test_the_leases_of_a_dead_worker_or_host_end_at_once(store: Store) -> None:
    for _ in range(3):
        store.submit_one(retry=AT_ONCE)
    store.lease(2, ALICE)
    store.lease_one(BOB)
    assert store.write(lambda c: finishing.abandon(c, worker=ALICE)) == 2
    assert store.write(lambda c: finishing.abandon(c, host=BOB.host)) == 1
    assert len(store.lease(9)) == 3


def test_cancelling_reaches_children_and_stops_what_runs(store: Store) -> None:
    parent = store.submit_one()
    children = store.submit(*[NewJob("sum", parent=parent, array_index=i) for i in range(3)])
    grandchild = store.submit_one(parent=children[2])
    other = store.submit_one()
    lease = store.lease_one()
    store.start(lease)
    assert sorted(store.cancel(parent)) == [parent, *children, grandchild]
    assert store.state(parent) is State.CANCELLING
    assert {store.state(id_) for id_ in (*children, grandchild)} == {State.CANCELLED}
    assert store.state(other) is State.QUEUED
    assert store.succeed(lease, "too late")
    assert (store.state(parent), store.job(parent).result) == (State.CANCELLED, None)
    assert store.cancel(parent) == []


def test_running_again_is_a_new_generation_that_keeps_the_old(store: Store) -> None:
    id_ = store.submit_one(retry=NO_RETRY)
    old = store.lease_one()
    store.succeed(old, "first")
    assert store.rerun(id_) == [id_]
    job = store.job(id_)
    assert (job.state, job.generation, job.attempts, job.result) == (State.QUEUED, 2, 0, None)
    assert not store.succeed(old, "again")
    store.succeed(store.lease_one(), "second")
    assert store.job(id_).result == "second"
    (kept,) = store.database.read(lambda c: reading.generations_of(c, id_))
    assert (kept.generation, kept.state, kept.result) == (1, State.SUCCEEDED, "first")
    assert [(a.generation, a.number) for a in store.attempts(id_)] == [(1, 1), (2, 1)]


def test_only_what_has_ended_can_run_again(store: Store) -> None:
    id_ = store.submit_one()
    with pytest.raises(Conflict, match="has not ended"):
        store.rerun(id_)
    with pytest.raises(NotFound):
        store.rerun(10**9)


def test_a_service_is_started_again_for_ever_with_growing_pauses(store: Store) -> None:
    retry = Retry(max_attempts=1, backoff=0.001, factor=1)
    id_ = store.submit_one(service=True, retry=retry, timeout=1)
    for attempt in range(1, 8):
        (lease,) = wait_until(lambda: store.lease(seconds=0))
        assert (lease.service, lease.attempt) == (True, attempt)
        store.fail(lease) if attempt % 2 else store.expire()
        assert store.state(id_) is State.RETRYING
    store.cancel(id_)
    assert store.state(id_) is State.CANCELLED


def test_progress_is_that_of_the_present_attempt(store: Store) -> None:
    id_ = store.submit_one(retry=AT_ONCE)
    lease = store.lease_one()
    assert store.write(lambda c: progress.report(c, lease.token, 1, 4, "reading"))
    assert store.write(lambda c: progress.report(c, lease.token, 2, 4, "fitting"))
    seen = store.job(id_).progress
    assert seen is not None and (seen.done, seen.total, seen.note) == (2, 4, "fitting")
    store.fail(lease)
    assert not store.write(lambda c: progress.report(c, lease.token, 3, 4))
    store.lease_one()
    assert store.job(id_).progress is None


def test_times_are_those_of_the_database(database: Database, store: Store) -> None:
    id_ = store.submit_one()
    lease = store.lease_one()
    store.start(lease)
    store.succeed(lease)
    (attempt,) = store.attempts(id_)
    job = store.job(id_)
    assert job.created <= attempt.leased <= (attempt.started or 0) <= (attempt.ended or 0)
    assert attempt.expires is None
