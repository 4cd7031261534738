"""Laws of sharing: fair between owners, no more starts a minute than allowed, nothing for who drains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import orjson
import pytest
from sqlalchemy import text

from shoal.base import clock
from shoal.base.errors import InvalidInput, NotFound
from shoal.base.transaction import now
from shoal.jobs.model import Lease, NewJob
from shoal.jobs.states import Reason
from shoal.jobs.store import explaining, leasing, limits, registry
from tests.support.store import ALICE, BOB, Store


def submit(store: Store, owner: str, n: int, **fields: object) -> list[int]:
    return store.submit(*[NewJob("sum", **fields)] * n, owner=owner)  # type: ignore[arg-type]


def owners(leases: Sequence[Lease]) -> list[str]:
    return [lease.owner for lease in leases]


def set_rate(store: Store, owner: str, n: int | None) -> None:
    store.write(lambda c: limits.set_rate(c, owner, n))


def let_time_pass(store: Store, seconds: int) -> None:
    """Make the starts that are written down so much older."""

    def work(conn: object) -> None:
        for scope, name, recent in conn.execute(  # type: ignore[attr-defined]
            text("SELECT scope, name, recent FROM job_limits WHERE recent IS NOT NULL")
        ).all():
            known = orjson.loads(recent) if isinstance(recent, str) else recent
            older = orjson.dumps([[at - seconds, n] for at, n in known]).decode()
            conn.execute(  # type: ignore[attr-defined]
                text("UPDATE job_limits SET recent = :r WHERE scope = :s AND name = :n"),
                {"r": older, "s": scope, "n": name},
            )

    store.write(work)


def explained(store: Store, id_: int) -> str:
    return " ".join(store.database.read(lambda c: explaining.explain(c, id_)).sentences)


def test_who_has_the_fewest_active_jobs_goes_first(store: Store) -> None:
    submit(store, "first", 20)
    assert owners(store.lease(4)) == ["first"] * 4
    submit(store, "second", 20)
    submit(store, "third", 3)
    assert Counter(owners(store.lease(6))) == {"second": 3, "third": 3}
    assert Counter(owners(store.lease(3))) == {"second": 2, "first": 1}


def test_owners_take_turns_although_each_job_has_ended_before_the_next_is_asked_for(store: Store) -> None:
    submit(store, "early", 30)
    submit(store, "late", 30, priority=-5)
    submit(store, "later", 30)
    order = []
    for _ in range(12):
        lease = store.lease_one()
        order.append(lease.owner)
        store.succeed(lease)
    assert Counter(order) == {"early": 4, "late": 4, "later": 4}
    assert all(before != after for before, after in pairwise(order))


def test_priority_still_orders_the_jobs_of_one_owner(store: Store) -> None:
    low, high = store.submit(NewJob("sum"), NewJob("sum", priority=5), owner="me")
    store.submit(*[NewJob("sum", priority=100)] * 4, owner="you")
    taken = store.lease(4)
    assert owners(taken).count("me") == 2
    assert [lease.job_id for lease in taken if lease.owner == "me"] == [high, low]


def test_a_share_that_a_limit_forbids_goes_to_the_others(store: Store) -> None:
    store.write(lambda c: limits.set_limit(c, owner="me", n=1))
    submit(store, "me", 5)
    submit(store, "you", 5)
    assert Counter(owners(store.lease(4))) == {"me": 1, "you": 3}


def test_a_limit_for_everyone_is_each_owners_who_has_none(store: Store) -> None:
    store.write(lambda c: limits.set_limit(c, owner="*", n=2))
    store.write(lambda c: limits.set_limit(c, owner="you", n=3))
    for owner in ("me", "you", "them", ":house"):
        submit(store, owner, 9)
    assert Counter(owners(store.lease(99))) == {"me": 2, "you": 3, "them": 2, ":house": 9}
    waiting = store.find(owners=["me"])[0]
    assert waiting.reason is Reason.LIMIT
    assert "may have 2 active at once" in explained(store, waiting.id)


def test_no_more_jobs_start_within_a_minute_than_allowed(store: Store) -> None:
    set_rate(store, "me", 3)
    jobs = submit(store, "me", 10)
    submit(store, "you", 2)
    taken = store.lease(8)
    assert Counter(owners(taken)) == {"me": 3, "you": 2}
    for lease in taken:
        store.succeed(lease)
    assert store.lease(8) == []
    assert store.job(jobs[-1]).reason is Reason.RATE
    assert "me may start 3 jobs a minute, the next at" in explained(store, jobs[-1])
    let_time_pass(store, 59)
    assert store.lease(8) == []
    let_time_pass(store, 2)
    assert len(store.lease(8)) == 3


def test_it_is_told_when_a_rate_lets_the_next_job_start(store: Store) -> None:
    set_rate(store, "me", 1)
    submit(store, "me", 2)
    store.lease(5, seconds=999)
    moment = store.database.read(now)
    due = store.database.read(leasing.next_due)
    assert due is not None
    assert 59 * clock.SECOND < due - moment < 62 * clock.SECOND
    set_rate(store, "me", None)
    assert len(store.lease(5)) == 1


def test_a_rate_of_nothing_stops_an_owner_and_is_no_reason_to_wake(store: Store) -> None:
    set_rate(store, "me", 0)
    submit(store, "me", 1)
    assert store.lease(5) == []
    assert store.database.read(leasing.next_due) is None


@pytest.mark.parametrize(("owner", "n"), [("", 1), ("me", -1), ("me", 2**31)])
def test_a_rate_that_cannot_be_meant_is_refused(store: Store, owner: str, n: int) -> None:
    with pytest.raises(InvalidInput):
        set_rate(store, owner, n)


def test_a_draining_worker_gets_no_jobs_until_it_works_again(store: Store) -> None:
    store.lease(1)
    (job,) = submit(store, "me", 1)
    store.write(lambda c: registry.drain(c, ALICE.name, True))
    assert store.lease(1) == []
    assert store.job(job).reason is Reason.DRAIN
    assert f"draining, they take no more jobs: {ALICE.name}" in explained(store, job)
    assert [w.draining for w in store.database.read(lambda c: registry.present(c, 0))] == [True]
    assert store.lease(1, BOB) != []
    (other,) = submit(store, "me", 1)
    store.write(lambda c: registry.drain(c, ALICE.name, False))
    assert store.lease_one().job_id == other


def test_only_a_known_worker_can_drain(store: Store) -> None:
    with pytest.raises(NotFound, match="nobody"):
        store.write(lambda c: registry.drain(c, "nobody", True))
