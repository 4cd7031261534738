"""Nodes and servers that die, and networks that go away: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.base.database import open_database
from shoal.client import Client
from shoal.jobs.states import State
from tests.support.nodes import Beside, running_node
from tests.support.proxy import proxy
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

AWAY = 20.0  # seconds without network that cost nothing


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with running_server(tmp_path / "home", program="tests.support.serve_jobs") as running:
        yield running


@pytest.fixture
def beside(served: Served) -> Iterator[Beside]:
    database = open_database(f"sqlite:///{served.home / 'shoal.db'}")
    yield Beside(database)
    database.close()


def places(folder: Path, name: str = "a") -> dict[str, str]:
    return {each: str(folder / f"{name}-{each}") for each in ("running", "go")}


def runs(spec: dict[str, str]) -> bool:
    return Path(spec["running"]).exists()


def once(beside: Beside, ids: list[int]) -> None:
    """Check that each job succeeded in its first attempt, whatever was given back unbegun before."""
    for job in beside.jobs(ids):
        assert job.state == State.SUCCEEDED, job
        counted = [one for one in beside.attempts(job.id) if one.state != State.QUEUED]
        assert [one.number for one in counted] == [1], counted


def test_twenty_seconds_without_network_cost_no_job(served: Served, beside: Beside, tmp_path: Path) -> None:
    through, ends = places(tmp_path, "through"), places(tmp_path, "ends")
    with (
        proxy(served.port) as cable,
        running_node(tmp_path / "node", f"http://127.0.0.1:{cable.port}", beside.invite(), workers=3) as node,
    ):
        long = beside.submit("wait_for_file", through) + beside.submit("wait_for_file", ends)
        wait_until(lambda: runs(through) and runs(ends), timeout=60, on_timeout=node.log)
        wait_until(lambda: {job.state for job in beside.jobs(long)} == {State.RUNNING})
        cable.hold()
        pulled = time.monotonic()
        waiting = beside.submit("add", {"numbers": [1]}, n=20)
        Path(ends["go"]).touch()  # It ends while nobody can be told.
        wait_until(lambda: time.monotonic() - pulled > AWAY, timeout=AWAY + 5)
        assert {job.state for job in beside.jobs(long)} == {State.RUNNING}
        cable.release()
        beside.done([long[1], *waiting], node)
        Path(through["go"]).touch()
        beside.done(long, node)
        once(beside, [*long, *waiting])
        assert node.stop() == 0, node.log()


def test_a_network_that_comes_and_goes_costs_no_job(served: Served, beside: Beside, tmp_path: Path) -> None:
    ids = beside.submit("add", {"numbers": [4, 5]}, n=150)
    with (
        proxy(served.port) as cable,
        running_node(tmp_path / "node", f"http://127.0.0.1:{cable.port}", beside.invite()) as node,
    ):
        stop = threading.Event()

        def flap() -> None:
            while not stop.wait(0.15):
                cable.cut()
                stop.wait(0.1)
                cable.release()

        flapping = threading.Thread(target=flap)
        flapping.start()
        try:
            wait_until(
                lambda: sum(job.state == State.SUCCEEDED for job in beside.jobs(ids)) > 60,
                timeout=60,
                on_timeout=node.log,
            )
        finally:
            stop.set()
            flapping.join()
        beside.done(ids, node)
        once(beside, ids)
        assert {job.result["sum"] for job in beside.jobs(ids)} == {9}
        node.says("rying again")  # Of the first request, or while jobs run.
        assert node.stop() == 0, node.log()


def test_a_node_that_was_killed_joins_again_and_its_jobs_are_done_again(
    served: Served, beside: Beside, tmp_path: Path
) -> None:
    spec, token = places(tmp_path), beside.invite()
    with running_node(tmp_path / "node", served.url, token) as node:
        (job,) = beside.submit("recount", spec)
        wait_until(lambda: runs(spec), timeout=60, on_timeout=node.log)
        node.kill()
    Path(spec["go"]).touch()
    with running_node(tmp_path / "node", served.url, token) as node:
        assert beside.done([job], node)[0].result == {"attempt": 2}
        assert [attempt.state for attempt in beside.attempts(job)] == [State.LOST, State.SUCCEEDED]
        assert node.stop() == 0, node.log()


def test_a_server_that_was_killed_is_found_again_with_all_results(tmp_path: Path) -> None:
    home, spec = tmp_path / "home", places(tmp_path)
    program = "tests.support.serve_jobs"
    with running_server(home, program=program) as first, proxy(first.port) as cable:
        database = open_database(f"sqlite:///{home / 'shoal.db'}")
        beside = Beside(database)
        url = f"http://127.0.0.1:{cable.port}"
        with running_node(tmp_path / "node", url, beside.invite()) as node:
            (long,) = beside.submit("wait_for_file", spec)
            wait_until(lambda: runs(spec), timeout=60, on_timeout=node.log)
            first.process.kill()
            first.process.wait()
            cable.cut()
            Path(spec["go"]).touch()
            more = beside.submit("add", {"numbers": [1]}, n=5)
            node.says("trying again")
            with running_server(home, program=program) as second:
                cable.release(second.port)
                beside.done([long, *more], node)
                once(beside, [long, *more])
                node.says("well again")
                assert node.stop() == 0, node.log()
        database.close()


def test_what_comes_later_than_its_lease_is_refused(served: Served, beside: Beside, tmp_path: Path) -> None:
    spec = places(tmp_path)
    with (
        proxy(served.port) as cable,
        running_node(
            tmp_path / "late", f"http://127.0.0.1:{cable.port}", beside.invite("late"), lease_seconds=2
        ) as late,
    ):
        (job,) = beside.submit("recount", spec)
        wait_until(lambda: runs(spec), timeout=60, on_timeout=late.log)
        cable.hold()
        with running_node(tmp_path / "other", served.url, beside.invite("other")) as other:
            beside.until(job, State.LEASED, State.QUEUED, State.RETRYING)
            Path(spec["go"]).touch()
            assert beside.done([job], other)[0].result == {"attempt": 2}
            cable.release()
            after = beside.submit("nothing", n=10)
            beside.done(after, late)
            assert beside.job(job).result == {"attempt": 2}
            assert [attempt.state for attempt in beside.attempts(job)] == [State.LOST, State.SUCCEEDED]
            assert (other.stop(), late.stop()) == (0, 0), late.log()


def test_two_nodes_share_the_work_and_one_may_leave(served: Served, beside: Beside, tmp_path: Path) -> None:
    spec = {"numbers": [1, 1]}
    with (
        running_node(tmp_path / "a", served.url, beside.invite("a"), workers=1) as a,
        running_node(tmp_path / "b", served.url, beside.invite("b"), workers=1) as b,
    ):
        a.says("works for")
        b.says("works for")
        held = {name: places(tmp_path, name) for name in "ab"}
        blockers = [beside.submit("wait_for_file", one)[0] for one in held.values()]
        wait_until(lambda: all(map(runs, held.values())), timeout=60)
        for one in held.values():
            Path(one["go"]).touch()
        ids = beside.submit("add", spec, n=200)
        wait_until(lambda: any(job.state == State.SUCCEEDED for job in beside.jobs(ids)))
        assert a.stop() == 0, a.log()
        beside.done([*ids, *blockers], b)
        once(beside, [*ids, *blockers])
        assert {beside.attempts(id_)[0].worker for id_ in blockers} == {"node:a", "node:b"}
        assert b.stop() == 0, b.log()


def test_ctrl_c_waits_for_what_runs_and_a_second_one_gives_it_back(
    served: Served, beside: Beside, tmp_path: Path
) -> None:
    spec, token = places(tmp_path), beside.invite()
    with running_node(tmp_path / "node", served.url, token, workers=1) as node:
        (job,) = beside.submit("wait_for_file", spec)
        wait_until(lambda: runs(spec), timeout=60, on_timeout=node.log)
        node.process.send_signal(signal.SIGINT)
        node.says("No more jobs are taken.")
        (waiting,) = beside.submit("nothing")
        Path(spec["go"]).touch()
        assert node.process.wait(30) == 0, node.log()
    assert (beside.job(job).state, beside.job(waiting).state) == (State.SUCCEEDED, State.QUEUED)
    spec = places(tmp_path, "second")
    with running_node(tmp_path / "node", served.url, token, workers=1) as node:
        (job,) = beside.submit("wait_for_file", spec)
        wait_until(lambda: runs(spec), timeout=60, on_timeout=node.log)
        node.process.send_signal(signal.SIGINT)
        node.says("No more jobs are taken.")
        node.process.send_signal(signal.SIGINT)
        assert node.process.wait(30) == 0, node.log()
    beside.until(job, State.QUEUED)
    assert beside.job(job).attempts == 0


def test_a_node_that_is_shut_out_says_so_and_ends(served: Served, beside: Beside, tmp_path: Path) -> None:
    spec = places(tmp_path)
    with running_node(tmp_path / "node", served.url, beside.invite()) as node, Client(served.url) as client:
        (job,) = beside.submit("wait_for_file", spec)
        wait_until(lambda: runs(spec), timeout=60, on_timeout=node.log)
        client.workers.remove("one")
        assert node.process.wait(30) == 1
        assert "This token does not let node one in." in node.log()
        assert "Traceback" not in node.log()
    beside.until(job, State.QUEUED, State.RETRYING)


def test_a_large_input_is_fetched_once_and_over_a_broken_line(
    served: Served, beside: Beside, tmp_path: Path
) -> None:
    size = 64 << 20
    (served.home / "files" / "big").mkdir()
    (served.home / "files" / "big" / "data").write_bytes(b"start" + bytes(size - 5))
    with (
        proxy(served.port) as cable,
        running_node(tmp_path / "node", f"http://127.0.0.1:{cable.port}", beside.invite()) as node,
    ):
        ids = beside.submit("read", {"key": "big/data"}, n=2)
        drafts = node.spool / "files" / "big"
        wait_until(lambda: drafts.exists() and any(drafts.iterdir()), on_timeout=node.log)
        cable.cut()
        cable.release()
        for job in beside.done(ids, node):
            assert (job.state, job.result["size"]) == (State.SUCCEEDED, size)
        copy = drafts / "data"
        fetched = copy.stat().st_ino
        beside.done(beside.submit("read", {"key": "big/data"}), node)
        assert copy.stat().st_ino == fetched
        (gone,) = beside.done(beside.submit("read", {"key": "big/none"}, retry=None), node)
        assert gone.state == State.FAILED
        assert "The server has no stored file big/none." in (gone.error or {})["message"]
        assert node.stop() == 0, node.log()
