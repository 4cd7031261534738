"""Handing jobs in: all or none, once or never twice, in the order asked for."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.jobs.model import NO_RETRY, Dependency, NewJob, Retry
from shoal.jobs.states import Reason, State
from shoal.jobs.store import reading, submission
from tests.support.store import Store


def after(*upstream: int, on: Any = "ok") -> tuple[Dependency, ...]:
    return tuple(Dependency(id_, on) for id_ in upstream)


def test_ids_come_back_in_order_and_are_never_used_again(store: Store) -> None:
    ids = store.submit(*[NewJob("n", spec={"i": i}) for i in range(50)])
    assert ids == sorted(set(ids))
    assert [store.job(id_).spec["i"] for id_ in (ids[0], ids[49])] == [0, 49]
    assert store.submit_one() > ids[-1]


def test_one_bad_job_refuses_the_submission(store: Store) -> None:
    with pytest.raises(InvalidInput, match="Job 1"):
        store.submit(NewJob("good"), NewJob(""))
    assert store.find() == []


@pytest.mark.parametrize(
    "bad",
    [
        NewJob("k", spec={"x": object()}),
        NewJob("k", spec={"x": 2**70}),
        NewJob("k", name="a\0b"),
        NewJob("k", name="\ud800"),
        NewJob("k", array_index=2**40),
        NewJob("k", parent=2**70),
        NewJob("k", priority=10**9),
        NewJob("k", timeout=0),
        NewJob("k", timeout=-1),
        NewJob("k", not_before=-1),
        NewJob("k", resources={"cpus": -1}),
        NewJob("k", retry=Retry(max_attempts=0)),
        NewJob("k", after=(Dependency(),)),
        NewJob("k", after=(Dependency(batch=0),)),
        NewJob("k", after=(Dependency(1, "maybe"),)),  # type: ignore[arg-type]
    ],
)
def test_a_job_that_cannot_be_kept_is_refused(store: Store, bad: NewJob) -> None:
    with pytest.raises(InvalidInput):
        store.submit(bad)


def test_text_is_kept_as_it_is(store: Store) -> None:
    nasty = {
        "quote'": '"; DROP TABLE jobs; --',
        "emoji": "🐟",
        "backslash": "\\u0041",
        "deep": [[{"a": None}]],
    }
    id_ = store.submit_one(spec=nasty, extra=nasty, name="'; --")
    assert (store.job(id_).spec, store.job(id_).extra, store.job(id_).name) == (nasty, nasty, "'; --")


def test_a_repeated_key_makes_one_job(store: Store) -> None:
    first = store.submit_one(spec={"x": 1}, idempotency_key="k")
    assert store.submit_one(spec={"x": 1}, idempotency_key="k") == first
    assert store.submit_one(spec={"x": 1}, idempotency_key="k", owner="you") != first
    assert len(store.find(owners=["me"])) == 1
    again = NewJob("sum", spec={"x": 1}, idempotency_key="k")
    fresh = NewJob("sum", spec={"x": 1}, idempotency_key="new")
    ids = store.submit(again, fresh, fresh, NewJob("sum"))
    assert ids[0] == first and ids[1] == ids[2] and len(set(ids)) == 3


def test_a_key_that_stands_for_another_job_is_a_conflict(store: Store) -> None:
    store.submit_one(spec={"x": 1}, idempotency_key="k")
    with pytest.raises(Conflict, match="'k'"):
        store.submit_one(spec={"x": 2}, idempotency_key="k")
    with pytest.raises(Conflict):
        store.submit(NewJob("a", idempotency_key="q"), NewJob("b", idempotency_key="q"))
    assert len(store.find()) == 1


def test_a_key_sent_by_many_at_once_makes_one_job(store: Store) -> None:
    ids: list[int] = []
    new = [NewJob("sum", spec={"i": i}, idempotency_key=f"k{i}") for i in range(5)]
    threads = [threading.Thread(target=lambda: ids.extend(store.submit(*new))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 30 and len(set(ids)) == 5


def test_external_ids_lead_to_their_job(store: Store) -> None:
    id_ = store.submit_one(external_ids={"jobserver": "507f", "cqueue": "t-1"})
    assert store.database.read(lambda c: reading.resolve_external(c, "jobserver", "507f")) == id_
    assert store.database.read(lambda c: reading.resolve_external(c, "cqueue", "507f")) is None
    assert store.job(id_).external_ids == {"jobserver": "507f", "cqueue": "t-1"}
    with pytest.raises(Conflict):
        store.submit_one(external_ids={"jobserver": "507f"})


def test_a_job_waits_for_what_it_comes_after(store: Store) -> None:
    first, second, third = store.submit(
        NewJob("a"), NewJob("b", after=(Dependency(batch=0),)), NewJob("c", after=(Dependency(batch=1),))
    )
    assert store.job(second).reason is Reason.DEPENDENCY
    for expected in (first, second, third):
        (lease,) = store.lease(9)
        assert lease.job_id == expected
        store.succeed(lease)


def test_a_job_waits_for_all_it_comes_after(store: Store) -> None:
    upstream = store.submit(NewJob("a"), NewJob("a"), NewJob("a"))
    last = store.submit_one("b", after=(*after(*upstream), *after(upstream[0], on="any")))
    leases = store.lease(9)
    for lease in leases:
        assert store.job(last).reason is Reason.DEPENDENCY
        store.succeed(lease)
    assert store.lease_one().job_id == last


@pytest.mark.parametrize(
    ("condition", "succeeds", "runs"),
    [
        ("ok", True, True),
        ("ok", False, False),
        ("not_ok", True, False),
        ("not_ok", False, True),
        ("any", True, True),
        ("any", False, True),
    ],
)
@pytest.mark.parametrize("when", ["before", "later"])
def test_conditions_decide(store: Store, condition: str, succeeds: bool, runs: bool, when: str) -> None:
    first = store.submit_one("a", retry=NO_RETRY)
    dependent = store.submit_one("b", after=after(first, on=condition)) if when == "before" else 0
    lease = store.lease_one()
    if succeeds:
        store.succeed(lease)
    else:
        store.fail(lease)
    dependent = dependent or store.submit_one("b", after=after(first, on=condition))
    job = store.job(dependent)
    assert job.state is (State.QUEUED if runs else State.FAILED)
    if not runs:
        assert job.error is not None and job.error["kind"] == "dependency"
        assert f"Job {first}" in job.error["message"]
    assert len(store.lease(9)) == runs


def test_a_failure_runs_down_the_whole_chain(store: Store) -> None:
    chain = [NewJob("a", retry=NO_RETRY)]
    chain += [NewJob("a", after=(Dependency(batch=i),)) for i in range(20)]
    chain += [NewJob("clean", after=(Dependency(batch=20, condition="any"),))]
    ids = store.submit(*chain)
    store.fail(store.lease_one())
    assert {store.state(id_) for id_ in ids[:21]} == {State.FAILED}
    assert store.lease_one().job_id == ids[21]


def test_cancelling_ends_what_waits_for_it(store: Store) -> None:
    first, second = store.submit(NewJob("a"), NewJob("b", after=(Dependency(batch=0),)))
    store.cancel(first)
    assert store.state(second) is State.FAILED


def test_a_chain_runs_again_together_and_not_from_its_middle(store: Store) -> None:
    ids = store.submit(NewJob("a", retry=NO_RETRY), NewJob("b", after=(Dependency(batch=0),)))
    store.fail(store.lease_one())
    with pytest.raises(Conflict, match=f"job {ids[0]}"):
        store.rerun(ids[1])
    store.rerun(*ids)
    assert store.job(ids[1]).reason is Reason.DEPENDENCY
    store.succeed(store.lease_one())
    assert store.lease_one().job_id == ids[1]


def test_nobody_waits_for_what_is_not_there(store: Store) -> None:
    with pytest.raises(NotFound, match="no job 999"):
        store.submit_one(after=after(999))


def test_a_draft_waits_until_it_is_released(store: Store) -> None:
    draft = store.submit_one(draft=True)
    assert (store.state(draft), store.lease()) == (State.DRAFT, [])
    assert store.write(lambda c: submission.release(c, [draft])) == [draft]
    assert store.write(lambda c: submission.release(c, [draft])) == []
    assert store.lease_one().job_id == draft


def test_extra_is_searched_by_equal_values_at_any_depth(store: Store) -> None:
    one = store.submit_one(extra={"site": {"name": 'Ély\'s "x"', "n": 1}, "ok": True, "none": None})
    two = store.submit_one(extra={"site": {"name": "b", "n": 1.5}, "ok": 1})
    store.submit_one()
    searches: list[tuple[dict[str, Any], list[int]]] = [
        ({"site": {"n": 1}}, [one]),
        ({"site": {"n": 1.5}}, [two]),
        ({"site": {"name": 'Ély\'s "x"'}}, [one]),
        ({"ok": True}, [one]),
        ({"ok": 1}, [two]),
        ({"none": None}, [one]),
        ({"site": {"n": 1, "name": "b"}}, []),
        ({"site": {"name": "' OR 1=1 --"}}, []),
        ({"missing": "x"}, []),
    ]
    for extra, expected in searches:
        assert [job.id for job in store.find(extra=extra)] == expected, extra
    refused: list[dict[str, Any]] = [{'a"b': 1}, {"a": [1]}, {"a": {}}]
    for bad in refused:
        with pytest.raises(InvalidInput):
            store.find(extra=bad)


def test_jobs_are_found_by_their_columns_newest_first(store: Store) -> None:
    parent = store.submit_one("group")
    ids = store.submit(*[NewJob("n", parent=parent, array_index=i, name=f"n{i}") for i in range(5)])
    assert [job.id for job in store.find(kinds=["n"], limit=2)] == [ids[4], ids[3]]
    assert [job.id for job in store.find(kinds=["n"], before=ids[1])] == [ids[0]]
    assert [job.array_index for job in store.find(parent=parent)] == [4, 3, 2, 1, 0]
    assert [job.id for job in store.find(name="n3")] == [ids[3]]
    assert store.find(owners=["you"]) == []
    assert len(store.find(states=[State.QUEUED])) == 6
    counts = store.database.read(lambda c: reading.counts(c, parent=parent))
    assert (counts[State.QUEUED], counts[State.FAILED]) == (5, 0)


@pytest.mark.parametrize("result", [7, -0.5, 2**62, 1e300, "7", "1e400", "", True, None, [], {"a": [1.0, 1]}])
def test_results_come_back_as_they_were(store: Store, result: object) -> None:
    id_ = store.submit_one(spec={"value": result})
    store.succeed(store.lease_one(), result)
    back = store.job(id_)
    assert (back.result, type(back.result)) == (result, type(result))
    assert back.spec == {"value": result}


@pytest.mark.parametrize("id_", [0, -1, 2**31, 2**63 - 1])
def test_an_id_that_is_none_is_not_found(store: Store, id_: int) -> None:
    with pytest.raises(NotFound):
        store.job(id_)
    assert store.cancel(id_) == []


def test_a_number_that_is_too_large_is_refused_in_words(store: Store) -> None:
    with pytest.raises(InvalidInput, match="too large"):
        store.job(2**70)
    assert store.cancel(2**70, 2**63, 2**63 - 1) == []


def test_every_job_is_counted_once_in_the_state_it_has(store: Store) -> None:
    """Hold the counts that come from several indexes against one pass over all jobs."""
    ended = store.submit_one("ended")
    store.succeed(store.lease_one())
    first = store.submit_one("first")
    store.submit(
        NewJob("draft", draft=True), NewJob("timed", not_before=2**62), NewJob("blocked", after=after(first))
    )
    store.lease_one()
    store.submit_one("ready")
    counts = store.database.read(reading.counts)
    every = Counter(job.state for job in store.find())
    assert every[State.QUEUED] == 3 and every[State.DRAFT] == every[State.LEASED] == 1
    assert {state: n for state, n in counts.items() if n} == every
    assert store.database.read(lambda c: reading.counts(c, kinds=["draft", "ended"])) == dict.fromkeys(
        State, 0
    ) | {
        State.DRAFT: 1,
        store.job(ended).state: 1,
    }
    assert not any(store.database.read(lambda c: reading.counts(c, owners=["nobody"])).values())
