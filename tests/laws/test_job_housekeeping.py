"""What is forgotten, what stays, and what is never given out again."""

from __future__ import annotations

from shoal.base import events
from shoal.jobs.model import NO_RETRY, Dependency, NewJob, Outcome
from shoal.jobs.states import State
from shoal.jobs.store import housekeeping, reading
from shoal.jobs.store.housekeeping import Collected, Retention
from tests.support.store import Store

AT_ONCE = Retention(jobs=-1, logs=-1, events=-1)


def collect(store: Store, retention: Retention = AT_ONCE, batch: int = 1000) -> Collected:
    return store.write(lambda c: housekeeping.collect(c, retention, batch=batch))


def end(store: Store, log: str | None = None) -> None:
    store.finish(store.lease_one(), Outcome(State.SUCCEEDED, log=log))


def test_ended_jobs_go_with_all_that_belongs_to_them(store: Store) -> None:
    id_ = store.submit_one(external_ids={"face": "x"}, retry=NO_RETRY)
    end(store, "logs/1")
    store.rerun(id_)
    end(store, "logs/2")
    done = collect(store)
    assert (done.jobs, set(done.logs), done.more) == (1, {"logs/1", "logs/2"}, False)
    assert store.find() == []
    assert store.database.read(lambda c: reading.resolve_external(c, "face", "x")) is None
    assert store.attempts(id_) == []
    assert store.submit_one() > id_


def test_what_has_not_ended_stays_and_so_does_what_it_hangs_on(store: Store) -> None:
    upstream, parent = store.submit_one(), store.submit_one()
    waiting = store.submit_one(after=(Dependency(upstream), Dependency(parent)))
    child = store.submit_one(parent=parent, draft=True)
    end(store)
    end(store)
    assert collect(store).jobs == 0
    assert {upstream, parent, waiting, child} <= {job.id for job in store.find()}


def test_nothing_goes_before_its_time(store: Store) -> None:
    store.submit_one()
    end(store, "logs/1")
    assert collect(store, Retention()) == Collected(0, 0, (), False)
    assert collect(store, Retention(None, None, None)) == Collected(0, 0, (), False)
    assert len(store.find()) == 1


def test_logs_may_go_before_their_jobs(store: Store) -> None:
    id_ = store.submit_one()
    end(store, "logs/1")
    assert collect(store, Retention(jobs=None, logs=-1)).logs == ("logs/1",)
    assert store.attempts(id_)[0].log is None
    assert collect(store, Retention(jobs=None, logs=-1)).logs == ()


def test_collecting_goes_on_while_there_is_more(store: Store) -> None:
    store.submit(*[NewJob("k") for _ in range(5)])
    for lease in store.lease(5):
        store.succeed(lease)
    assert [(done.jobs, done.more) for done in (collect(store, batch=3), collect(store, batch=3))] == [
        (3, True),
        (2, False),
    ]
    assert store.database.read(lambda c: events.after(c, 0)) == []
