"""Jobs that are containers, with a real engine: what they are given, what they leave, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from shoal.jobs import logs
from shoal.jobs.states import State
from tests.support.container_house import begun, cancel, run, submit, worker_of, working
from tests.support.containers import Containers, running_containers
from tests.support.house import House
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def engine() -> Iterator[Containers]:
    with running_containers() as running:
        yield running


@pytest.fixture(scope="module")
def house(engine: Containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with working(engine.socket, tmp_path_factory.mktemp("containers")) as made:
        yield made


def test_streams_are_apart_and_the_exit_code_is_told(house: House, engine: Containers) -> None:
    job = run(house, "echo out; echo err >&2; exit 3")
    assert (job.state, job.error and job.error["exit_code"]) == (State.FAILED, 3)
    attempt = house.attempts(job.id)[-1]
    assert attempt.exit_code == 3
    key = attempt.log or ""
    assert logs.read_stream(house.logs, key, "o").content == b"out\n"
    assert logs.read_stream(house.logs, key, "e").content == b"err\n"
    assert engine.of_job(job.id) == []


def test_bytes_that_are_no_text_are_kept(house: House) -> None:
    job = run(house, r"printf '\377\000\303\251\n'")
    assert logs.read(house.logs, house.attempts(job.id)[-1].log or "").content == b"\xff\x00\xc3\xa9\n"
    assert job.result["stdout"] == "\ufffd\ufffd\u00e9\n"


def test_what_ran_can_be_told_afterwards(house: House, engine: Containers) -> None:
    job = run(house, "true")
    assert job.result == {"exit_code": 0, "stdout": "", "stderr": "", "truncated": False}
    facts = house.attempts(job.id)[-1].facts or {}
    assert facts["reproduce"]["digest"] == engine.run("inspect", "--format={{.Id}}", "ubuntu")
    assert facts["reproduce"]["image"] == "ubuntu"


def test_a_container_is_bounded_and_may_gain_nothing(house: House, engine: Containers) -> None:
    job = begun(house, "exec sleep 600", limits={"memory": 64 << 20, "cores": 1})
    (id_,) = engine.of_job(job)
    (told,) = orjson.loads(engine.run("inspect", id_))
    cancel(house, job)
    host = told["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (64 << 20, 64 << 20, 10**9)
    assert (host["PidsLimit"], host["Privileged"], host["Init"]) == (256, False, True)
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["Binds"], told["Mounts"], host["Devices"]) == (None, [], [])
    assert told["Config"]["Labels"]["shoal.attempt"] == f"{job}-1-1"


def test_too_much_memory_is_told_as_such(house: House) -> None:
    job = run(house, "x=$(yes | head -c 300000000); echo survived", limits={"memory": 32 << 20})
    assert job.error is not None
    assert (job.state, job.error["kind"]) == (State.FAILED, "memory")


def test_time_that_is_up_ends_a_container(house: House, engine: Containers) -> None:
    job = run(house, "exec sleep 600", timeout=1.0, kill_grace=0)
    assert job.error is not None
    assert (job.state, job.error["kind"]) == (State.FAILED, "timeout")
    assert engine.of_job(job.id) == []


def test_closed_streams_do_not_end_a_container(house: House) -> None:
    job = run(house, "echo last; exec >&- 2>&-; sleep 0.5; exit 4")
    assert (job.error and job.error["exit_code"]) == 4


def test_data_goes_in_and_files_come_out(house: House) -> None:
    data = {"type": "raw_data", "data": {"rows": [1, 2]}}
    script = "cat $SHOAL_DATA; mkdir /shoal/out/deep; seq 3 >/shoal/out/deep/numbers"
    job = run(house, script, data=data)
    assert job.result["stdout"] == '{"rows":[1,2]}'
    (kept,) = (house.attempts(job.id)[-1].facts or {})["artifacts"]
    assert (kept["name"], kept["size"]) == ("deep/numbers", 6)
    assert (house.logs.parent / "files" / kept["key"]).read_bytes() == b"1\n2\n3\n"


@pytest.mark.parametrize("made", ["ln -s /etc/passwd /shoal/out/link", "mkfifo /shoal/out/pipe"])
def test_what_is_no_plain_file_is_not_kept(house: House, made: str) -> None:
    job = run(house, made, data={"type": "raw_data", "data": 1})
    assert job.error is not None
    assert (job.state, "no plain file" in job.error["message"]) == (State.FAILED, True)


def test_an_image_that_may_not_be_fetched_is_named(house: House) -> None:
    job = house.done([submit(house.database, image="nothere", pull="never")])[0]
    assert job.error is not None
    assert (job.error["kind"], job.error["code"]) == ("refused", "no_image")


def test_an_image_that_cannot_be_fetched_is_told_in_the_engines_words(house: House) -> None:
    job = house.done([submit(house.database, image="127.0.0.1:9/nothere", pull="always")])[0]
    assert job.error is not None
    assert (job.error["kind"], job.error["code"]) == ("error", "engine_refused")
    assert "127.0.0.1:9" in job.error["message"]


def test_200_mb_of_output_are_capped_and_said_and_take_no_memory(house: House) -> None:
    worker = worker_of(house)
    run(house, "true")
    before = worker.memory_info().rss
    most = [before]
    script = "tr '\\0' x </dev/zero | head -c 200000000; echo end >&2"
    job = submit(house.database, cmd=["sh", "-c", script], limits={"output": 5_000_000})

    def is_over() -> bool:
        most.append(worker.memory_info().rss)
        return house.state(job) in (State.SUCCEEDED, State.FAILED)

    wait_until(is_over, timeout=60)
    (done,) = house.done([job])
    assert done.state == State.SUCCEEDED
    assert (done.result["truncated"], len(done.result["stdout"])) == (True, 64 << 10)
    kept = logs.read(house.logs, house.attempts(job)[-1].log or "", size=1 << 30).content
    assert 5_000_000 <= len(kept) < 5_001_000
    assert b"Log cut at" in kept
    assert max(most) - before < 30 << 20


def test_what_the_settings_list_may_be_given_and_nothing_beside(engine: Containers, tmp_path: Path) -> None:
    lent, other = tmp_path / "lent", tmp_path / "other"
    for folder in (lent, other):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    (lent / "way-out").symlink_to(other)
    tmp_path.chmod(0o755)
    allowed = {"engine": engine.socket, "mounts": [f"{lent}:ro"], "users": ["1234"]}
    script = ["sh", "-c", "cat /lent/file; id -u; ip addr"]
    request = {"runner": "container", "image": "ubuntu", "cmd": script}
    with running_server(tmp_path / "home", containers=allowed) as served, served.http() as http:
        given = {"mounts": [f"{lent}:/lent:ro"], "user": "1234", "network": "none"}
        done = finished(http, http.post("/api/v1/jobs", json=request | given).json()["id"])
        assert done["state"] == "succeeded", done
        assert done["result"]["stdout"].startswith("lent1234\n")
        assert "eth0" not in done["result"]["stdout"]
        for wrong in (
            {"mounts": [f"{lent}:/lent"]},
            {"mounts": [f"{lent}/../other:/other:ro"]},
            {"mounts": [f"{lent}/way-out:/other:ro"]},
            {"mounts": [f"{other}:/other:ro"]},
            {"user": "0"},
            {"network": "host"},
            {"devices": ["/dev/null"]},
        ):
            refused = http.post("/api/v1/jobs", json=request | wrong)
            assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted"), wrong


def finished(http: Any, job: int) -> dict[str, Any]:
    """Wait for a job of a server to end."""

    def ended() -> dict[str, Any] | None:
        told: dict[str, Any] = http.get(f"/api/v1/jobs/{job}").json()
        return told if told["state"] in ("succeeded", "failed") else None

    done = wait_until(ended, timeout=60)
    assert done is not None
    return done
