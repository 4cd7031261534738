"""Laws of the desk, in both of its forms: beside the database, and over HTTP from another machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from shoal.base.database import open_database
from shoal.jobs.model import Lease, NewJob, Outcome, WorkerId
from shoal.jobs.nodes.agent import Equipment
from shoal.jobs.nodes.line import Line
from shoal.jobs.nodes.node_desk import NodeDesk
from shoal.jobs.states import State
from shoal.jobs.workers.desk import Desk, Report
from shoal.jobs.workers.house_desk import HouseDesk
from shoal.jobs.workers.protocol import Progress
from tests.support.house import AT_ONCE, register_kinds
from tests.support.nodes import Beside
from tests.support.server import Served, running_server
from tests.support.store import Store
from tests.support.waiting import wait_until

PATIENCE = 30
_numbers = count()


@dataclass(frozen=True)
class At:
    """A desk and the database that it speaks of in the end; no other test's jobs have its label."""

    desk: Desk
    store: Store
    label: str

    def submit(self, n: int = 1, **fields: Any) -> list[int]:
        given: dict[str, Any] = {"labels": (self.label,), "retry": AT_ONCE} | fields
        return self.store.submit(*[NewJob("test.recorded", {"n": i}, **given) for i in range(n)])

    def lease(self, n: int) -> list[Lease]:
        return self.desk.lease(n, {}).result(PATIENCE).leases

    def finish(self, *given: tuple[Lease, Outcome]) -> None:
        self.desk.finish([Report(lease, outcome) for lease, outcome in given]).result(PATIENCE)

    def states(self, ids: list[int]) -> list[State]:
        return [self.store.state(id_) for id_ in ids]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("desk") / "home"
    with running_server(home, program="tests.support.serve_jobs") as running:
        yield running


@pytest.fixture(params=["house", "node"])
def at(request: pytest.FixtureRequest, served: Served, tmp_path: Path) -> Iterator[At]:
    register_kinds()
    label = f"label-{next(_numbers)}"
    with ExitStack() as opened:
        database = open_database(f"sqlite:///{served.home / 'shoal.db'}")
        opened.callback(database.close)
        if request.param == "house":
            desk = HouseDesk(database, WorkerId(label, "here"), (label,), {"cpu": 4.0})
            yield At(desk, Store(database), label)
        else:
            line = Line(served.url, Beside(database).invite(label))
            opened.callback(line.close)
            line.use(line.ask("join", asdict(Equipment(4, (label,)).offer()))["session"])
            node = NodeDesk(line, tmp_path / "files", tmp_path / "logs")
            opened.callback(node.close)
            yield At(node, Store(database), label)


WELL = Outcome(State.SUCCEEDED, {"sum": 1})


def test_a_job_is_leased_once_and_its_outcome_recorded_once(at: At) -> None:
    ids = at.submit(3)
    leases = at.lease(10)
    assert sorted(lease.job_id for lease in leases) == ids
    assert at.lease(10) == []
    assert at.desk.start([lease.token for lease in leases]).result(PATIENCE) == [True] * 3
    assert at.states(ids) == [State.RUNNING] * 3
    for _ in range(2):
        at.finish(*[(lease, WELL) for lease in leases])
    assert at.states(ids) == [State.SUCCEEDED] * 3
    assert [len(at.store.attempts(id_)) for id_ in ids] == [1] * 3
    assert at.desk.start([leases[0].token]).result(PATIENCE) == [False]


def test_what_is_given_back_was_not_tried(at: At) -> None:
    ids = at.submit(2)
    leases = at.lease(2)
    tokens = [lease.token for lease in leases]
    assert at.desk.give_back(tokens).result(PATIENCE) == [True, True]
    assert at.desk.give_back(tokens).result(PATIENCE) == [False, False]
    assert at.states(ids) == [State.QUEUED] * 2
    assert [lease.attempt for lease in at.lease(2)] == [1, 1]


def test_orders_come_with_renewals(at: At) -> None:
    (job, other) = at.submit(2)
    leases = {lease.job_id: lease for lease in at.lease(2)}
    tokens = [lease.token for lease in leases.values()]
    assert at.desk.renew(tokens).result(PATIENCE) == []
    at.store.cancel(job)
    (order,) = at.desk.renew(tokens).result(PATIENCE)
    assert (order.token, order.reason) == (leases[job].token, "cancelled")
    at.finish((leases[job], Outcome(State.CANCELLED)), (leases[other], WELL))
    assert at.states([job, other]) == [State.CANCELLED, State.SUCCEEDED]
    assert {order.reason for order in at.desk.renew(tokens).result(PATIENCE)} == {"stale"}


def test_a_result_that_its_kind_refuses_leaves_everything_as_it_was(at: At) -> None:
    ids = at.submit(2)
    bad, good = at.lease(2)
    with pytest.raises(Exception, match="a negative sum"):
        at.finish((bad, Outcome(State.SUCCEEDED, {"sum": -1})), (good, WELL))
    assert State.SUCCEEDED not in at.states(ids)
    at.finish((good, WELL))
    assert at.store.state(good.job_id) == State.SUCCEEDED


def test_errors_exit_codes_and_facts_are_kept(at: At) -> None:
    (job,) = at.submit()
    (lease,) = at.lease(1)
    error = {"kind": "exit", "type": "ExitCode", "message": "It ended with exit code 3.", "exit_code": 3}
    facts = {"artifacts": [], "sandbox": "none"}
    at.finish((lease, Outcome(State.FAILED, None, error, 3, 1 << 20, None, facts)))
    (attempt,) = at.store.attempts(job)
    assert (attempt.exit_code, attempt.peak_memory, attempt.facts) == (3, 1 << 20, facts)


def test_progress_is_told_and_ahead_of_time_nothing_is_leased(at: At) -> None:
    (job,) = at.submit()
    (lease,) = at.lease(1)
    at.desk.progress([Progress(lease.token, 2, 4, "half")]).result(PATIENCE)
    found = at.store.job(job).progress
    assert found is not None
    assert (found.done, found.total, found.note) == (2, 4, "half")
    at.submit(not_before=at.store.job(job).created + 3_600_000_000)
    taken = at.desk.lease(1, {}).result(PATIENCE)
    assert (taken.leases, taken.is_all) == ([], True)
    assert taken.due is not None


def test_what_is_in_use_is_not_free_for_others(at: At) -> None:
    at.submit(2, resources={"cpu": 3})
    taken = at.desk.lease(2, {"cpu": 2.0}).result(PATIENCE)
    assert taken.leases == []
    assert len(at.lease(2)) == 1


def test_who_listens_is_woken_when_there_is_work(at: At) -> None:
    woken: list[bool] = []
    stop = at.desk.subscribe(lambda: woken.append(True))
    try:
        at.submit()
        wait_until(lambda: woken, timeout=PATIENCE)
    finally:
        stop()
