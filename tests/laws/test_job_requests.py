"""What requests do to the queue: arrays, steps, drafts, keys and results, on every kind of database."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from shoal.base.errors import Conflict, NotFound
from shoal.jobs.model import Job, Lease
from shoal.jobs.states import State
from tests.support.requesting import Desk, said
from tests.support.store import Store

TRUE: dict[str, Any] = {"runner": "command", "cmd": ["true"]}


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def fail(desk: Desk, lease: Lease, kind: str = "exit") -> None:
    desk.end(lease, said(""), kind=kind, message="It ended with exit code 3.", exit_code=3)


def test_a_request_becomes_a_job_with_its_limits_filled_in(desk: Desk) -> None:
    (id_,) = desk.command("echo", "hi", name="greet", limits={"memory": 1 << 25}, priority=3, extra={"a": 1})
    job = desk.store.job(id_)
    assert (job.kind, job.name, job.priority, job.extra) == ("command", "greet", 3, {"a": 1})
    assert job.spec["cmd"] == ["echo", "hi"]
    assert job.spec["limits"] == {"memory": 1 << 25, "output": 50 << 20}
    assert job.retry.on == ("lost",)  # A program that fails is not run again unasked.


def test_one_key_is_one_job_whoever_comes_first(desk: Desk) -> None:
    barrier, found = Barrier(4), list[list[int]]()

    def hand_in() -> None:
        barrier.wait()
        found.append(desk.command("true", array="0-2", idempotency_key="k"))

    threads = [Thread(target=hand_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(ids == found[0] for ids in found)
    assert len(desk.store.find()) == 4


def test_a_key_stands_for_one_request_of_one_owner(desk: Desk) -> None:
    first = desk.command("true", idempotency_key="k")
    with pytest.raises(Conflict):
        desk.command("false", idempotency_key="k")
    with pytest.raises(Conflict):  # What is not run is a part of the request too.
        desk.command("true", idempotency_key="k", priority=1)
    assert desk.command("true", idempotency_key="k", owner="another") != first


def test_elements_of_an_array_know_their_numbers(desk: Desk) -> None:
    head, *elements = desk.command("echo", "file-{{.}}.txt", env={"N": "{{.}}"}, array="2-6:2", name="sweep")
    specs = [desk.store.job(each).spec for each in elements]
    assert [spec["cmd"] for spec in specs] == [["echo", f"file-{n}.txt"] for n in (2, 4, 6)]
    assert [spec["env"] for spec in specs] == [{"N": n, "SHOAL_ARRAY_INDEX": n} for n in "246"]
    assert [desk.store.job(each).array_index for each in elements] == [2, 4, 6]
    assert [desk.store.job(each).parent for each in elements] == [head] * 3
    assert desk.store.job(elements[0]).name == "sweep[2]"


def test_a_function_is_given_the_number_as_a_number(desk: Desk) -> None:
    args, kwargs = ["{{.}}", "file-{{.}}"], {"n": ["{{.}}"]}
    ids = desk.submit(runner="function", script="summary", array="7-7", args=args, kwargs=kwargs)
    spec = desk.store.job(ids[1]).spec
    assert (spec["args"], spec["kwargs"]) == ([7, "file-7"], {"n": [7]})


def test_no_more_elements_run_than_the_array_allows(desk: Desk) -> None:
    desk.command("true", array="0-9%3")
    leased = desk.store.lease(10)
    assert len(leased) == 3
    desk.end(leased[0], said(""))
    assert len(desk.store.lease(10)) == 1


def test_an_array_ends_with_its_last_element_and_counts_failures(desk: Desk) -> None:
    head, *_ = desk.command("true", array="0-2%3")
    first, second, third = desk.store.lease(3)
    desk.end(first, said(""))
    fail(desk, second)
    assert desk.store.state(head) is State.QUEUED
    desk.end(third, said(""))
    ended = desk.gather()
    assert ended.state is State.FAILED
    assert ended.error is not None
    assert (ended.error["failed"], ended.error["elements"]) == (1, 3)


def test_an_array_run_again_repeats_what_did_not_succeed(desk: Desk) -> None:
    head, _, element, _ = desk.command("true", array="0-2%2")
    first, second = desk.store.lease(2)
    desk.end(first, said(""))
    fail(desk, second)
    desk.end(desk.store.lease_one(), said(""))
    desk.gather()
    assert desk.rerun(head) == sorted([head, element])
    again = desk.store.lease_one()
    assert again.job_id == element
    desk.end(again, said(""))
    ended = desk.gather()
    assert (ended.state, ended.result) == (State.SUCCEEDED, {"elements": 3, "succeeded": 3, "failed": 0})


def test_cancelling_an_array_cancels_its_elements(desk: Desk) -> None:
    head, *elements = desk.command("true", array="0-3")
    desk.store.cancel(head)
    assert {desk.store.state(each) for each in (head, *elements)} == {State.CANCELLED}


def steps(desk: Desk) -> list[int]:
    second = {"runner": "command", "cmd": ["sort"], "name": "sort"}
    third = TRUE | {"data": {"type": "result", "step": "fetch"}}
    return desk.submit(steps=[TRUE | {"name": "fetch"}, second, third], name="pipe")


def test_steps_run_one_after_another_and_pass_results_on(desk: Desk) -> None:
    head, first, second, third = steps(desk)
    lease = desk.store.lease_one()
    assert lease.job_id == first
    assert desk.store.lease() == []
    desk.end(lease, said("b a"))
    lease = desk.store.lease_one()
    assert lease.job_id == second
    assert lease.spec["data"] == {"type": "result", "step": "fetch", "job": first, "value": "b a"}
    desk.end(lease, said("a b"))
    lease = desk.store.lease_one()
    assert lease.job_id == third
    assert lease.spec["data"]["value"] == "b a"  # It asked for the first one's, not for the last.
    desk.end(lease, said("done"))
    ended = desk.gather()
    assert (ended.id, ended.state, ended.result) == (head, State.SUCCEEDED, said("done"))


def failed_steps(desk: Desk) -> tuple[list[int], Job]:
    ids = steps(desk)
    desk.end(desk.store.lease_one(), said("b a"))
    fail(desk, desk.store.lease_one())
    return ids, desk.store.job(ids[0])


def test_steps_fail_with_the_words_of_the_one_that_failed(desk: Desk) -> None:
    ids, head = failed_steps(desk)
    assert head.state is State.FAILED
    assert head.error is not None
    assert head.error["message"] == "Step sort: It ended with exit code 3."
    assert (head.error["step"], head.error["job"], head.error["exit_code"]) == ("sort", ids[2], 3)
    assert desk.store.state(ids[3]) is State.FAILED


def test_steps_go_on_at_the_one_that_failed(desk: Desk) -> None:
    (head, first, second, third), _ = failed_steps(desk)
    desk.rerun(head)
    lease = desk.store.lease_one()
    assert lease.job_id == second
    assert lease.spec["data"]["value"] == "b a"
    desk.end(lease, said("a b"))
    lease = desk.store.lease_one()
    assert lease.job_id == third
    assert lease.spec["data"]["value"] == "b a"
    desk.end(lease, said("done"))
    assert desk.gather().result == said("done")
    assert desk.store.job(first).generation == 1


def test_steps_that_succeeded_are_all_run_again(desk: Desk) -> None:
    ids = desk.submit(steps=[TRUE, TRUE])
    for text in ("1", "2"):
        desk.end(desk.store.lease_one(), said(text))
    desk.gather()
    desk.rerun(ids[0])
    desk.end(desk.store.lease_one(), said("3"))
    assert desk.store.lease_one().spec["data"]["value"] == "3"


def test_a_draft_of_several_parts_has_them_once_it_is_released(desk: Desk) -> None:
    (head,) = desk.submit(steps=[TRUE, TRUE], draft=True, idempotency_key="k")
    assert desk.store.lease() == []
    assert len(desk.release(head)) == 3
    assert desk.release(head) == []
    assert desk.submit(steps=[TRUE, TRUE], draft=True, idempotency_key="k")[0] == head
    assert desk.store.lease_one().kind == "command"


def test_the_result_of_an_earlier_job_is_data(desk: Desk) -> None:
    (first,) = desk.command("echo")
    (waiting,) = desk.command("cat", data={"type": "result", "job": first})
    desk.end(desk.store.lease_one(), said("x"))
    (later,) = desk.command("cat", data={"type": "result", "job": first})
    for each in (waiting, later):
        assert desk.store.job(each).spec["data"] == {"type": "result", "job": first, "value": "x"}
    assert {lease.job_id for lease in desk.store.lease(3)} == {waiting, later}


def test_the_result_of_a_function_is_passed_on_as_its_value(desk: Desk) -> None:
    (first,) = desk.command("echo")
    desk.end(desk.store.lease_one(), {"value": {"mean": 4}, "type": "dict", "artifact": ""})
    (later,) = desk.command("cat", data={"type": "result", "job": first})
    assert desk.store.job(later).spec["data"]["value"] == {"mean": 4}


def test_there_is_no_result_of_what_failed_or_of_somebody_else(desk: Desk) -> None:
    (first,) = desk.command("false")
    fail(desk, desk.store.lease_one())
    with pytest.raises(Conflict):
        desk.command("cat", data={"type": "result", "job": first})
    (theirs,) = desk.command("true", owner="another")
    with pytest.raises(NotFound):
        desk.command("cat", data={"type": "result", "job": theirs})
    with pytest.raises(NotFound):
        desk.command("cat", data={"type": "result", "job": 999})


def test_nobody_waits_for_a_job_of_somebody_else(desk: Desk) -> None:
    (theirs,) = desk.command("true", owner="another")
    for job in (theirs, 999):
        with pytest.raises(NotFound):
            desk.command("true", after=[{"job": job, "condition": "any"}])


def test_equal_runs_share_a_key_of_the_cache(desk: Desk) -> None:
    same = [desk.command("a", cache=True, env={"X": "1"}, kill_grace=grace)[0] for grace in (1, 2)]
    (other,) = desk.command("a", cache=True, env={"X": "2"})
    (unasked,) = desk.command("a", env={"X": "1"})
    keys = [desk.store.job(each).cache_key for each in (*same, other, unasked)]
    assert keys[0] == keys[1]
    assert keys[0] is not None
    assert keys[2] not in (keys[0], None)
    assert keys[3] is None


def test_an_array_whose_elements_are_all_known_has_only_to_be_gathered(desk: Desk) -> None:
    for _ in desk.command("a", "{{.}}", array="0-1", cache=True)[1:]:
        desk.end(desk.store.lease_one(), said("x"))
    desk.gather()
    head, *elements = desk.command("a", "{{.}}", array="0-1", cache=True)
    assert {desk.store.state(each) for each in elements} == {State.SUCCEEDED}
    assert desk.gather().id == head


def test_a_step_out_of_the_cache_passes_its_result_on(desk: Desk) -> None:
    desk.command("a", cache=True)
    desk.end(desk.store.lease_one(), said("known"))
    first = {"runner": "command", "cmd": ["a"], "cache": True}
    _, cached, second = desk.submit(steps=[first, TRUE])
    assert desk.store.state(cached) is State.SUCCEEDED
    lease = desk.store.lease_one()
    assert (lease.job_id, lease.spec["data"]["value"]) == (second, "known")


def test_a_job_waits_for_those_it_is_to_follow(desk: Desk) -> None:
    (first,) = desk.command("true")
    (cleaner,) = desk.command("rm", after=[{"job": first, "condition": "any"}])
    (mender,) = desk.command("mend", after=[{"job": first, "condition": "not_ok"}])
    fail(desk, desk.store.lease_one())
    assert {lease.job_id for lease in desk.store.lease(3)} == {cleaner, mender}
