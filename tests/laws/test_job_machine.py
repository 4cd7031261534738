"""Whatever happens in whatever order, no job is lost, none runs for ever, none has two results."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import text

from shoal.base.database import Database
from shoal.jobs.model import Dependency, Lease, NewJob, Outcome, Retry
from shoal.jobs.states import ACTIVE, ENDS, WAITING, State
from shoal.jobs.store import finishing, reading
from tests.support.store import ALICE, Store

_TABLES = [
    "jobs",
    "job_attempts",
    "job_generations",
    "job_dependencies",
    "job_externals",
    "job_progress",
    "events",
]


class Life(RuleBasedStateMachine):
    """A store and what a bystander knows of it: which jobs there are, and which answers were accepted."""

    database: Database
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(self.database)
        self.jobs: dict[int, int] = {}
        self.results: dict[tuple[int, int], str] = {}
        self.answered: set[str] = set()

    @initialize()
    def empty(self) -> None:
        def clear(conn: object) -> None:
            for table in _TABLES:
                conn.execute(text(f"DELETE FROM {table}"))  # type: ignore[attr-defined]

        self.store.write(clear)

    @rule(n=st.integers(1, 3), attempts=st.integers(1, 3), follows=st.booleans(), service=st.booleans())
    def submit(self, n: int, attempts: int, follows: bool, service: bool) -> None:
        retry = Retry(max_attempts=attempts, backoff=0)
        after = (Dependency(max(self.jobs), "any"),) if follows and self.jobs else ()
        new = [NewJob("k", retry=retry, after=after, service=service and not after) for _ in range(n)]
        self.jobs |= dict.fromkeys(self.store.submit(*new), 1)

    @rule(target=leases, n=st.integers(1, 3))
    def lease(self, n: int) -> object:
        taken = self.store.lease(n, seconds=0)
        assert len({lease.job_id for lease in taken}) == len(taken)
        return multiple(*taken)

    @rule(lease=leases)
    def start(self, lease: Lease) -> None:
        self.store.start(lease)

    @rule(lease=leases)
    def succeed(self, lease: Lease) -> None:
        if self.store.succeed(lease, lease.token):
            assert lease.token not in self.answered, "the same attempt was accepted twice"
            self.answered.add(lease.token)
            if self.store.state(lease.job_id) is State.SUCCEEDED:
                key = (lease.job_id, lease.generation)
                assert key not in self.results, "two results for one generation"
                self.results[key] = lease.token

    @rule(lease=leases, kind=st.sampled_from(["error", "timeout", "invalid"]))
    def fail(self, lease: Lease, kind: str) -> None:
        if self.store.fail(lease, kind):
            assert lease.token not in self.answered
            self.answered.add(lease.token)

    @rule()
    def workers_die(self) -> None:
        self.store.expire()
        active = self.store.find(states=list(ACTIVE), limit=1000)
        assert active == [], "a lease that ran out keeps its job active"

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.jobs:
            self.store.cancel(data.draw(st.sampled_from(sorted(self.jobs))))

    @rule(data=st.data())
    def rerun(self, data: st.DataObject) -> None:
        ended = [job.id for job in self.store.find(states=list(ENDS), limit=1000)]
        if ended:
            id_ = data.draw(st.sampled_from(sorted(ended)))
            self.store.rerun(id_)
            self.jobs[id_] += 1

    @invariant()
    def nothing_is_lost_and_all_is_consistent(self) -> None:
        found = {job.id: job for job in self.store.find(limit=1000)}
        assert found.keys() == self.jobs.keys()
        for id_, job in found.items():
            assert job.generation == self.jobs[id_]
            assert (job.ended is not None) == (job.state in ENDS)
            assert (job.reason is not None) == (job.state in WAITING)
            if job.state is State.SUCCEEDED:
                assert job.result == self.results[id_, job.generation]
        open_ = {a.job for id_ in found for a in self.store.attempts(id_) if a.ended is None}
        assert open_ == {id_ for id_, job in found.items() if job.state in ACTIVE}

    def teardown(self) -> None:
        """Drain: everything that is left comes to an end in a bounded number of steps."""
        services = [job.id for job in self.store.find(limit=1000) if job.service]
        self.store.cancel(*services)
        for _ in range(200):
            self.store.expire()
            if not (taken := self.store.lease(50, ALICE)):
                break
            done = [(lease.token, Outcome(State.SUCCEEDED, result="end")) for lease in taken]
            self.store.write(lambda c, done=done: finishing.finish_many(c, done))  # type: ignore[misc]
        states = self.store.database.read(lambda c: reading.states(c, sorted(self.jobs))) if self.jobs else {}
        assert set(states.values()) <= ENDS, "something never ends"


@pytest.fixture
def machine(database: Database) -> Iterator[type[Life]]:
    yield type("Life", (Life,), {"database": database})


def test_no_order_of_events_breaks_the_store(machine: type[Life], database: Database) -> None:
    run_machine(
        machine,
        settings=settings(
            max_examples=20 if database.dialect == "sqlite" else 12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
