"""Who gets which job: the most urgent first, what a worker can do, within limits, and never twice."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection

from shoal.base import clock, driver
from shoal.base.database import open_database
from shoal.base.errors import InvalidInput
from shoal.jobs.model import NewJob, Outcome, WorkerId
from shoal.jobs.states import Reason, State
from shoal.jobs.store import explaining, finishing, leasing, limits
from shoal.jobs.store.explaining import Explanation
from tests.support.postgres import Cluster
from tests.support.store import ALICE, BOB, Store


def explain(store: Store, id_: int) -> Explanation:
    return store.database.read(lambda c: explaining.explain(c, id_))


def set_limit(store: Store, n: int | None, kind: str | None = None, owner: str | None = None) -> None:
    store.write(lambda c: limits.set_limit(c, kind=kind, owner=owner, n=n))


def test_jobs_go_in_the_order_in_which_they_came(store: Store) -> None:
    ids = [store.submit_one(f"kind{i % 3}") for i in range(12)]
    assert [lease.job_id for _ in range(4) for lease in store.lease(3)] == ids


def test_priority_goes_first_over_all_kinds_and_owners(store: Store) -> None:
    low = store.submit_one("a", priority=-1)
    middle = store.submit_one("b", owner="you")
    high = store.submit_one("c", priority=5)
    assert [lease.job_id for lease in store.lease(9)] == [high, middle, low]


def test_what_is_not_due_waits(store: Store) -> None:
    later = clock.now() + 3600 * clock.SECOND
    id_ = store.submit_one(not_before=later, priority=9)
    assert (store.job(id_).reason, store.lease()) == (Reason.TIME, [])
    assert store.database.read(leasing.next_due) == later


def test_nothing_is_due_in_an_empty_store(store: Store) -> None:
    assert store.database.read(leasing.next_due) is None
    assert store.lease(5) == []
    assert store.expire() == 0


def test_labels_are_demanded_of_the_worker(store: Store) -> None:
    plain = store.submit_one()
    gpu = store.submit_one(labels=["gpu", "linux"])
    pinned = store.submit_one(labels=["host:there"])
    assert [lease.job_id for lease in store.lease(9, ALICE, labels=["gpu"])] == [plain]
    assert [lease.job_id for lease in store.lease(9, ALICE, labels=["linux", "gpu", "x"])] == [gpu]
    assert [lease.job_id for lease in store.lease(9, BOB)] == [pinned]


def test_kinds_restrict_a_worker(store: Store) -> None:
    store.submit_one("a")
    b = store.submit_one("b")
    assert [lease.job_id for lease in store.lease(9, kinds=["b", "c"])] == [b]
    assert store.lease(9, kinds=[]) == []


def test_free_resources_bound_what_is_taken_at_once(store: Store) -> None:
    for _ in range(4):
        store.submit_one("big", resources={"cpus": 2})
    store.submit_one("small", resources={"cpus": 0.5})
    taken = store.lease(9, resources={"cpus": 5})
    assert Counter(lease.kind for lease in taken) == {"big": 2, "small": 1}
    assert store.lease(9, resources={"memory": 64}) == []


def test_limits_hold_for_kinds_and_owners(store: Store) -> None:
    store.submit(*[NewJob("fit") for _ in range(5)], NewJob("other"))
    store.submit(*[NewJob("fit") for _ in range(5)], owner="you")
    set_limit(store, 3, kind="fit")
    set_limit(store, 2, owner="you")
    first = store.lease(2)
    assert len(first) == 2
    rest = store.lease(9)
    assert Counter(lease.kind for lease in (*first, *rest)) == {"fit": 3, "other": 1}
    store.succeed(first[0])
    another = store.lease_one()
    assert store.lease(9) == []
    set_limit(store, None, kind="fit")
    held = [first[1], *rest, another, *store.lease(99)]
    assert Counter(lease.owner for lease in held) == {"me": 5, "you": 2}


def test_a_limit_of_nothing_stops_a_kind_and_other_kinds_go_on(store: Store) -> None:
    stopped = store.submit_one("fit", priority=100)
    other = store.submit_one("other")
    set_limit(store, 0, kind="fit")
    assert [lease.job_id for lease in store.lease(9)] == [other]
    assert store.job(stopped).reason is Reason.LIMIT
    for wrong in ({}, {"kind": "a", "owner": "b"}):
        with pytest.raises(InvalidInput):
            set_limit(store, 1, **wrong)


def test_explanations_say_what_would_help(store: Store) -> None:
    first = store.submit_one("a")
    assert "no worker" in explain(store, first).sentences[0]
    lease = store.lease_one()
    store.start(lease)
    assert explain(store, first).sentences[0].startswith("It runs on worker alice (here) since")
    second = store.submit_one("a", labels=["gpu"])
    assert explain(store, second).reason is Reason.LABEL
    assert "gpu" in explain(store, second).sentences[0]
    third, fourth = store.submit(NewJob("b"), NewJob("b"))
    assert (explain(store, third).ahead, explain(store, fourth).ahead) == (0, 1)
    set_limit(store, 0, kind="b")
    assert "kind b" in explain(store, third).sentences[0]
    store.fail(lease, message="out of fish")
    assert "out of fish" in explain(store, first).sentences[0]
    late = store.submit_one(not_before=clock.now() + 100 * clock.SECOND)
    assert explain(store, late).sentences[0].startswith("It waits until 2")
    draft = store.submit_one(draft=True)
    assert "draft" in explain(store, draft).sentences[0]


def test_leasing_looks_only_at_what_it_may_take(tmp_path: Path, sqlite_template: Path) -> None:
    """The plan of every hot query uses an index, so a million ended jobs cost nothing."""
    path = shutil.copy(sqlite_template, tmp_path / "plans.db")
    database = open_database(f"sqlite:///{path}")
    plans: list[str] = []

    def run_hot_queries(conn: Connection) -> None:
        statements: list[str] = []
        raw = driver.connection(conn)
        raw.set_trace_callback(statements.append)
        (lease,) = leasing.lease(conn, ALICE, 5)
        leasing.start(conn, lease.token)
        finishing.finish(conn, lease.token, Outcome(State.SUCCEEDED))
        finishing.expire(conn)
        leasing.next_due(conn)
        raw.set_trace_callback(None)
        for statement in statements:
            if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "WITH")):
                plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}"))

    try:
        store = Store(database)
        store.submit_one()
        store.write(run_hot_queries)
    finally:
        database.close()
    scans = [plan for plan in plans if plan.startswith(("SCAN jobs", "SCAN job_attempts"))]
    assert len(plans) > 15
    assert [plan for plan in scans if "INDEX" not in plan] == []


def test_many_workers_at_once_never_get_the_same_job(store: Store) -> None:
    total, workers = 300, 6
    store.submit(*[NewJob(f"kind{i % 4}") for i in range(total)])
    taken: list[int] = []

    def work(name: int) -> None:
        worker = WorkerId(f"w{name}", "here")
        while leases := store.lease(7, worker):
            taken.extend(lease.job_id for lease in leases)
            done = [(lease.token, Outcome(State.SUCCEEDED)) for lease in leases]
            assert all(store.write(lambda c, done=done: finishing.finish_many(c, done)))  # type: ignore[misc]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = store.lease(total)
    assert len(taken) + len(left) == total
    assert len({*taken, *(lease.job_id for lease in left)}) == total


@pytest.mark.real
def test_several_servers_keep_one_limit(cluster: Cluster) -> None:
    url = cluster.clone()
    handles = [open_database(url) for _ in range(3)]
    stores = [Store(handle) for handle in handles]
    try:
        stores[0].submit(*[NewJob("fit") for _ in range(40)])
        set_limit(stores[0], 5, kind="fit")
        taken: list[int] = []
        threads = [
            threading.Thread(target=lambda s=s: taken.extend(x.job_id for x in s.lease(4)))
            for s in stores * 3
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == len(set(taken)) == 5
    finally:
        for handle in handles:
            handle.close()
        cluster.drop(url)


def test_jobs_of_a_group_share_a_limit_across_kinds_and_owners(store: Store) -> None:
    store.write(lambda c: limits.set_limit(c, group="site", n=2))
    store.submit(*[NewJob("a", group="site")] * 3)
    store.submit(*[NewJob("b", group="site")] * 3, owner="you")
    free = store.submit_one("a")
    held = store.lease(10)
    assert len(held) == 3
    assert free in {lease.job_id for lease in held}
    assert {store.job(lease.job_id).group for lease in held} == {"site", ""}
    store.succeed(next(lease for lease in held if lease.job_id != free))
    assert len(store.lease(10)) == 1
