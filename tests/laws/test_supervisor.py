"""Laws of the supervisor, on every kind of database, with real worker processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from shoal.base.clock import SECOND, now
from shoal.base.database import Database, open_database
from shoal.base.errors import Unavailable
from shoal.base.faults import fault_point
from shoal.jobs import logs
from shoal.jobs.model import Dependency, Retry, WorkerId
from shoal.jobs.states import State
from shoal.jobs.store import cancelling, finishing, leasing
from shoal.jobs.workers.house_desk import HouseDesk
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations import upgrade
from tests.support.house import House
from tests.support.waiting import wait_until

CANCEL = fault_point("tests.cancel", "A test cancels jobs.")
NewHouse = Callable[..., House]


@pytest.fixture
def new_house(database: Database, tmp_path: Path) -> Iterator[NewHouse]:
    houses: list[House] = []

    def make(workers: int = 2, **options: Any) -> House:
        options = {"heartbeat": 0.1, "cancel_grace": 0.3, "term_grace": 0.3} | options
        house = House(database, tmp_path, workers, **options)
        houses.append(house)
        house.supervisor.start()
        return house

    yield make
    for house in houses:
        house.supervisor.stop()


def files(tmp_path: Path) -> dict[str, str]:
    return {"running": str(tmp_path / "running"), "go": str(tmp_path / "go")}


def test_a_running_job_may_ask_its_house_and_is_told_a_refusal(new_house: NewHouse) -> None:
    house = new_house()
    [fine] = house.submit("curious", {"numbers": list(range(50))})
    [refused] = house.submit("curious", {"numbers": [1, -1]}, retry=Retry(max_attempts=1))
    answered, failed = house.done([fine, refused])
    assert answered.result == {"jobs": [fine] * 50, "twice": [2 * n for n in range(50)]}
    assert failed.state is State.FAILED and failed.error is not None
    assert failed.error["message"] == "a negative number" and failed.error["hint"] == "Ask for another."


def test_jobs_are_done_and_their_results_kept(new_house: NewHouse) -> None:
    house = new_house()
    ids = [house.submit("add", {"numbers": [n, 1]})[0] for n in range(20)]
    jobs = house.done(ids)
    assert [job.state for job in jobs] == [State.SUCCEEDED] * 20
    assert [job.result["sum"] for job in jobs] == [n + 1 for n in range(20)]
    assert house.supervisor.drain(10)
    assert all(len(house.attempts(id_)) == 1 for id_ in ids)


def test_an_attempt_keeps_its_log_its_memory_and_its_exit_code(new_house: NewHouse) -> None:
    house = new_house()
    job = house.run("add", {"numbers": [1, 2]})
    (attempt,) = house.attempts(job.id)
    assert attempt.exit_code == 0
    assert attempt.peak_memory is not None and attempt.peak_memory > 1_000_000
    assert attempt.log is not None
    assert logs.read(house.logs, attempt.log).content == b"the sum is 3\n"


def test_a_thousand_tiny_jobs_are_each_done_once(new_house: NewHouse) -> None:
    house = new_house()
    ids = house.submit("nothing", n=1000)
    assert {job.state for job in house.done(ids)} == {State.SUCCEEDED}
    assert house.supervisor.drain(10)
    assert all(len(house.attempts(id_)) == 1 for id_ in ids)


def test_a_failing_job_is_tried_again_and_then_fails_with_its_error(new_house: NewHouse) -> None:
    house = new_house()
    job = house.run("raises", {"message": "bad input"})
    assert (job.state, job.attempts) == (State.FAILED, 3)
    assert job.error is not None
    assert (job.error["type"], job.error["message"]) == ("ValueError", "bad input")


def test_a_killed_worker_is_replaced_and_its_job_done_again(new_house: NewHouse) -> None:
    house = new_house()
    job = house.run("die", {"times": 2})
    assert (job.state, job.result) == (State.SUCCEEDED, {"attempt": 3})
    first = house.attempts(job.id)[0]
    assert (first.state, first.exit_code) == (State.LOST, -signal.SIGKILL)
    assert first.error is not None and "SIGKILL" in first.error["message"]


def test_a_job_that_always_kills_its_worker_ends_as_lost(new_house: NewHouse) -> None:
    house = new_house(workers=1)
    job = house.run("crash", {}, retry=Retry(max_attempts=2, backoff=0.0))
    assert (job.state, job.attempts) == (State.LOST, 2)
    log = house.attempts(job.id)[0].log
    assert log is not None and b"Segmentation fault" in logs.read(house.logs, log).content
    assert house.run("where").state is State.SUCCEEDED


def test_a_hung_worker_is_replaced_and_its_job_done_again(new_house: NewHouse) -> None:
    house = new_house(workers=1, hung_after=0.5)
    job = house.run("hang")
    assert (job.state, job.result) == (State.SUCCEEDED, {"attempt": 2})
    error = house.attempts(job.id)[0].error
    assert error is not None and "no sign of life" in error["message"]


def test_an_attempt_over_its_timeout_is_killed_however_stubborn(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(workers=1)
    retry = Retry(max_attempts=1)
    job = house.run("stubborn", {"running": str(tmp_path / "running")}, timeout=0.3, retry=retry)
    assert job.state is State.FAILED
    assert job.error is not None and job.error["kind"] == "timeout"
    assert not psutil.pid_exists(int((tmp_path / "running").read_text()))


def test_a_job_past_its_deadline_is_ended(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(workers=1)
    job = house.run("stubborn", {"running": str(tmp_path / "r")}, deadline=now() + SECOND // 2)
    assert job.state is State.FAILED
    assert job.error is not None and job.error["kind"] == "deadline"


def test_a_cancelled_job_that_looks_ends_by_itself(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house()
    (id_,) = house.submit("wait_for_file", files(tmp_path))
    wait_until((tmp_path / "running").exists)
    pid = int((tmp_path / "running").read_text())
    house.database.write(CANCEL, lambda conn: cancelling.cancel(conn, [id_]))
    assert house.done([id_])[0].state is State.CANCELLED
    assert psutil.pid_exists(pid)


def test_a_cancelled_job_that_does_not_look_is_killed(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house()
    (id_,) = house.submit("stubborn", {"running": str(tmp_path / "running")})
    wait_until((tmp_path / "running").exists)
    pid = int((tmp_path / "running").read_text())
    house.database.write(CANCEL, lambda conn: cancelling.cancel(conn, [id_]))
    assert house.done([id_])[0].state is State.CANCELLED
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_job_waits_for_its_time(new_house: NewHouse) -> None:
    house = new_house()
    at = now() + SECOND // 2
    job = house.run("where", not_before=at)
    assert job.started is not None or job.ended is not None
    assert (job.ended or 0) >= at
    assert (job.ended or 0) - at < 2 * SECOND


def test_a_job_waits_for_the_one_before(new_house: NewHouse) -> None:
    house = new_house()
    (first,) = house.submit("where")
    (second,) = house.submit("where", after=[Dependency(job=first)])
    jobs = house.done([first, second])
    assert [job.state for job in jobs] == [State.SUCCEEDED] * 2
    assert (jobs[0].ended or 0) <= house.attempts(second)[0].leased


def test_short_jobs_do_not_wait_behind_a_long_one(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house()
    house.done(house.submit("wait_for_file", {"running": str(tmp_path / "0"), "go": str(tmp_path)}, n=50))
    (long,) = house.submit("wait_for_file", files(tmp_path), priority=1)
    short = house.submit("wait_for_file", {"running": str(tmp_path / "1"), "go": str(tmp_path)}, n=100)
    house.done(short)
    assert house.state(long) in (State.LEASED, State.RUNNING)
    (tmp_path / "go").touch()
    house.done([long])


def test_what_was_taken_ahead_is_given_back_when_every_worker_is_at_a_long_job(
    new_house: NewHouse, tmp_path: Path
) -> None:
    house = new_house(workers=1)
    house.done(house.submit("nothing", n=20))
    long, *short = house.submit("wait_for_file", files(tmp_path), n=5)
    wait_until(lambda: house.state(short[0]) is State.LEASED)
    wait_until(lambda: {house.state(id_) for id_ in short} == {State.QUEUED})
    assert house.state(long) is State.RUNNING
    assert {house.job(id_).attempts for id_ in short} == {0}
    (tmp_path / "go").touch()
    house.done([long, *short])


def test_stopping_gives_back_what_runs_and_does_not_count_it(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(workers=1)
    (id_,) = house.submit("wait_for_file", files(tmp_path))
    wait_until((tmp_path / "running").exists)
    pids = house.pids()
    house.supervisor.stop()
    assert (house.state(id_), house.job(id_).attempts) == (State.QUEUED, 0)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    (tmp_path / "go").touch()
    assert new_house().done([id_])[0].state is State.SUCCEEDED


def test_draining_lets_what_runs_end_and_begins_nothing(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(workers=1)
    (id_,) = house.submit("wait_for_file", files(tmp_path))
    wait_until((tmp_path / "running").exists)
    (waiting,) = house.submit("where")
    assert not house.supervisor.drain(0.2)
    (tmp_path / "go").touch()
    assert house.supervisor.drain(10)
    assert (house.state(id_), house.state(waiting)) == (State.SUCCEEDED, State.QUEUED)


def test_a_dead_fork_server_is_replaced_when_it_is_needed(new_house: NewHouse) -> None:
    house = new_house(workers=1)
    house.run("where")
    server = house.supervisor.status().fork_server
    assert server is not None
    os.kill(server, signal.SIGKILL)
    os.kill(house.pids()[0], signal.SIGKILL)
    assert house.run("where").state is State.SUCCEEDED
    assert house.supervisor.status().fork_server not in (None, server)


def test_the_status_tells_who_does_what(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house()
    (id_,) = house.submit("wait_for_file", files(tmp_path))
    wait_until((tmp_path / "running").exists)
    busy = [worker for worker in house.supervisor.status().workers if worker.state == "busy"]
    assert [(worker.job, worker.kind) for worker in busy] == [(id_, "test.wait_for_file")]
    assert str(busy[0].pid) == (tmp_path / "running").read_text()
    (tmp_path / "go").touch()
    house.done([id_])


def test_what_a_kind_records_is_recorded_with_the_job_or_not_at_all(new_house: NewHouse) -> None:
    house = new_house()
    job = house.run("add", {"numbers": [4]}, extra={"note": "before"})
    assert job.state is State.SUCCEEDED
    (bad,) = house.submit("recorded", {"sum": -1})
    (good,) = house.submit("recorded", {"sum": 5})
    jobs = house.done([bad, good])
    assert [job.state for job in jobs] == [State.FAILED, State.SUCCEEDED]
    assert jobs[0].error is not None and "could not be recorded" in jobs[0].error["message"]


def name_of(house: House) -> WorkerId:
    """Return who a house's pool is to the database."""
    desk = house.supervisor._desk
    assert isinstance(desk, HouseDesk)
    return desk.worker


def leave_a_lease(house: House, database: Database) -> int:
    """Leave a job leased under the name of a house that is no more, and return it."""
    house.supervisor.stop()
    (id_,) = house.submit("where")
    worker = name_of(house)
    (lease,) = database.write(CANCEL, lambda conn: leasing.lease(conn, worker, 1, (), {}, None, 3600))
    assert lease.job_id == id_
    return id_


def test_leases_of_a_process_that_died_are_taken_back_at_the_next_start(
    new_house: NewHouse, database: Database
) -> None:
    id_ = leave_a_lease(new_house(), database)
    job = new_house().done([id_])[0]
    assert (job.state, job.attempts) == (State.SUCCEEDED, 2)


def test_they_are_taken_back_even_by_one_who_stops_at_once(new_house: NewHouse, database: Database) -> None:
    id_ = leave_a_lease(new_house(), database)
    gate = threading.Event()
    for _ in range(4):  # as many as may write at once
        database.submit(CANCEL, lambda _: gate.wait(10))
    house = new_house()
    stopping = threading.Thread(target=house.supervisor.stop)
    stopping.start()
    stopping.join(0.5)
    gate.set()
    stopping.join()
    assert house.state(id_) is State.RETRYING


def test_workers_that_cannot_live_are_replaced_ever_more_slowly_and_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    births = tmp_path / "births"
    monkeypatch.setenv("DOOMED", str(births))
    database = open_database(f"sqlite:///{tmp_path / 'shoal.db'}")
    upgrade(database)
    supervisor = Supervisor(database, tmp_path / "files", 1, tmp_path / "logs", ("tests.support.doomed",))
    supervisor.start()
    try:
        wait_until(lambda: supervisor.status().trouble)
        with pytest.raises(Unavailable, match="die as soon as they start"):
            supervisor.raise_trouble()
    finally:
        supervisor.stop()
        database.close()
    times = [float(line) for line in births.read_text().split()]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[3] > gaps[2] > gaps[1] > 0.1


def test_the_answer_of_an_attempt_that_was_given_up_is_refused(new_house: NewHouse, tmp_path: Path) -> None:
    house = new_house(cancel_grace=30.0)
    (id_,) = house.submit("recount", files(tmp_path))
    wait_until((tmp_path / "running").exists)
    first = (tmp_path / "running").read_text()
    worker = name_of(house)
    house.database.write(CANCEL, lambda conn: finishing.abandon(conn, worker=worker))
    wait_until(lambda: (tmp_path / "running").read_text() != first)
    (tmp_path / "go").touch()
    job = house.done([id_])[0]
    assert house.supervisor.drain(10)
    assert (job.state, job.result) == (State.SUCCEEDED, {"attempt": 2})
    assert [attempt.state for attempt in house.attempts(id_)] == [State.LOST, State.SUCCEEDED]
    assert house.job(id_) == job
