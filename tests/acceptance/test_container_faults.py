"""Containers whose worker, server or engine dies: nothing runs on, nothing is lost, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from shoal.jobs.model import Retry
from shoal.jobs.states import State
from tests.support.command import shoal
from tests.support.container_house import begun, run, worker_of, working
from tests.support.containers import Containers, running_containers
from tests.support.house import House
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
AGAIN = Retry(max_attempts=8, on=("lost",), backoff=0.3, factor=1.5)


@pytest.fixture(scope="module")
def engine() -> Iterator[Containers]:
    with running_containers() as running:
        yield running


@pytest.fixture(scope="module")
def house(engine: Containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with working(engine.socket, tmp_path_factory.mktemp("containers")) as made:
        yield made


def test_a_worker_that_is_killed_leaves_no_container_and_its_job_is_done_again(
    house: House, engine: Containers
) -> None:
    job = begun(house, "test $SHOAL_ATTEMPT = 2 || exec sleep 600; echo second", retry=AGAIN)
    assert len(engine.of_job(job)) == 1
    worker_of(house).kill()
    (done,) = house.done([job])
    assert (done.state, done.result["stdout"]) == (State.SUCCEEDED, "up\nsecond\n")
    assert [each.state for each in house.attempts(job)] == [State.LOST, State.SUCCEEDED]
    assert engine.of_job(job) == []


def test_nothing_runs_on_when_no_attempt_is_left(house: House, engine: Containers) -> None:
    job = begun(house, "exec sleep 600")
    worker_of(house).kill()
    (done,) = house.done([job])
    assert done.state == State.LOST
    wait_until(lambda: engine.of_job(job) == [])


def test_an_engine_that_dies_costs_an_attempt_and_no_more(tmp_path: Path) -> None:
    with running_containers() as own, working(own.socket, tmp_path) as house:
        job = begun(house, "test $SHOAL_ATTEMPT != 1 || exec sleep 600", retry=AGAIN)
        own.kill()
        wait_until(lambda: house.state(job) == State.RETRYING)
        error = house.attempts(job)[0].error
        assert error is not None
        assert (error["kind"], error["code"]) == ("lost", "engine_gone")
        assert "does not answer" in error["message"]
        own.start()
        (done,) = house.done([job])
        assert done.state == State.SUCCEEDED
        assert own.of_job(job) == []


def test_without_an_engine_it_is_said_what_to_do(tmp_path: Path) -> None:
    with working(f"unix://{tmp_path}/engine.sock", tmp_path) as house:
        job = run(house, "true")
        assert job.error is not None
        assert job.error["code"] == "engine_gone"
        assert str(tmp_path / "engine.sock") in job.error["message"]
        assert "Install Docker or podman and start it" in job.error["hint"]


def test_doctor_says_which_engine_runs_containers(engine: Containers, tmp_path: Path) -> None:
    def look(address: str) -> dict[str, Any]:
        told = shoal(
            "doctor", "--output", "json", home=tmp_path, cwd=tmp_path, SHOAL_CONTAINERS__ENGINE=address
        )
        return next(dict(each) for each in told.json["checks"] if each["what"] == "containers")

    there, gone = look(engine.socket), look("unix:///nowhere/engine.sock")
    assert there["works"]
    assert there["found"].startswith("Docker ")
    assert not gone["works"]
    assert "/nowhere/engine.sock" in gone["found"]
    assert gone["remedy"]


def test_a_server_that_is_killed_with_all_its_processes_is_tidied_up_after_by_the_next(
    engine: Containers, tmp_path: Path
) -> None:
    home, containers = tmp_path / "home", {"engine": engine.socket}
    request = {"runner": "container", "image": "ubuntu", "cmd": ["sleep", "600"]}
    with running_server(home, containers=containers) as served:
        with served.http() as http:
            job = http.post("/api/v1/jobs", json=request).json()["id"]
        wait_until(lambda: engine.run("ps", "--quiet", f"--filter=label=shoal.job={job}"))
        server = psutil.Process(served.process.pid)
        for process in [*server.children(recursive=True), server]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        served.process.wait()
    (left,) = engine.of_job(job)
    with running_server(home, containers=containers) as served, served.http() as http:
        wait_until(lambda: left not in engine.of_job(job))
        assert http.post(f"/api/v1/jobs/{job}/cancel").status_code == 200
        wait_until(lambda: engine.of_job(job) == [])
