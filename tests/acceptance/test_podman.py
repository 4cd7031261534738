"""The same jobs with podman as the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shoal.jobs.containers.creation import JOB
from shoal.jobs.containers.finding import find
from shoal.jobs.states import State
from tests.support.container_house import begun, cancel, run, worker_of, working
from tests.support.house import House
from tests.support.podman import running_podman
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.real]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_podman() as running:
        yield running


@pytest.fixture(scope="module")
def house(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with working(address, tmp_path_factory.mktemp("podman")) as made:
        yield made


def test_output_exit_code_and_digest_are_told(house: House) -> None:
    job = run(house, "echo out; echo err >&2; exit 3")
    assert job.error is not None
    assert (job.state, job.error["exit_code"]) == (State.FAILED, 3)
    facts = house.attempts(job.id)[-1].facts or {}
    assert "sha256:" in facts["reproduce"]["digest"]


def test_data_goes_in_and_files_come_out(house: House) -> None:
    job = run(house, "cat $SHOAL_DATA; seq 3 >/shoal/out/numbers", data={"type": "raw_data", "data": [1]})
    assert job.result is not None
    assert job.result["stdout"] == "[1]"
    (kept,) = (house.attempts(job.id)[-1].facts or {})["artifacts"]
    assert kept["name"] == "numbers"


def test_a_running_container_is_ended(house: House) -> None:
    job = begun(house, "trap 'exit 0' TERM; while :; do sleep 0.05; done", kill_grace=5)
    assert cancel(house, job).state == State.CANCELLED


def test_a_worker_that_is_killed_leaves_nothing_that_runs(house: House, address: str) -> None:
    job = begun(house, "exec sleep 600")
    worker_of(house).kill()
    (done,) = house.done([job])
    assert done.state == State.LOST
    filters = {"label": [f"{JOB}={job}"]}
    wait_until(lambda: find(address).get("/containers/json", all=True, filters=filters) == [])
