"""`shoal job`: real commands against a real server, and without one."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.command import SHOAL, Ran, environment, shoal
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

Job = Callable[..., Ran]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("jobs") / "home", workers=2) as served:
        yield served


@pytest.fixture
def job(server: Served, tmp_path: Path) -> Job:
    return lambda *words: shoal("job", *words, home=server.home, cwd=tmp_path)


def test_a_command_writes_here_what_it_writes_there(job: Job) -> None:
    done = job("run", "--", "sh", "-c", "echo to stdout; echo to stderr >&2; exit 3")
    assert (done.code, done.out) == (1, "to stdout\n")
    assert "to stderr\n" in done.err
    assert done.err.endswith("It ended with exit code 3.\n")
    assert job("run", "--output", "quiet", "--", "printf", "%s", "--debug").out == "--debug"


def test_a_function_answers_its_value(job: Job, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n2\n3\n")
    done = job("run", "--script", "summary", "--data", "a.csv")
    assert done.code == 0, done.err
    assert done.json["a"]["mean"] == 2


def test_json_is_alone_on_standard_output(job: Job) -> None:
    done = job("run", "--output", "json", "--name", "loud", "--env", "WORD=x", "--", "sh", "-c", "echo $WORD")
    assert done.json["result"]["stdout"] == "x\n"
    assert "x\n" in done.err
    assert [each["name"] for each in job("list", "--name", "loud", "--output", "json").json] == ["loud"]


def test_what_ran_can_be_looked_at(job: Job) -> None:
    wish = ("--name", "look", "--array", "0-2%2", "--", "sh", "-c", "echo {{.}}; echo e >&2; echo x > out/f")
    head = job("submit", "--output", "quiet", *wish).out.strip()
    assert "succeeded" in job("rerun", head).err or "not ended" in job("rerun", head).err
    listed = wait_until(lambda: _ended(job, head), timeout=60)
    assert [each["array_index"] for each in listed] == [0, 1, 2]
    first = listed[0]["id"]
    assert job("logs", first, "--stream", "out").out == "0\n"
    assert job("logs", "-f", first, "--stream", "err").err == "e\n"
    assert job("logs", first, "--search", "E").out == "e\n"
    page = job("show", first).out
    assert "look[0]" in page
    assert "SHA-256" in page
    assert job("show", head).out.count("3 succeeded") == 1
    assert job("list", "--limit", "1", "--output", "quiet").out.strip() == head
    assert job("list", "--limit", "1", "--parts", "--output", "quiet").out.strip() != head
    assert job("explain", head).out == "It succeeded.\n"
    assert job("rm", head).code == 0
    assert job("show", head).code == 1


def _ended(job: Job, head: str) -> list[dict[str, int]]:
    found: list[dict[str, int]] = job("list", "--children", head, "--output", "json").json
    state = job("show", head, "--output", "quiet").out.strip()
    return found if state == "succeeded" else []


def test_a_request_comes_from_a_file(job: Job, tmp_path: Path) -> None:
    steps = [
        {"runner": "command", "cmd": ["echo", "a"]},
        {"runner": "command", "cmd": ["sh", "-c", "cat $SHOAL_DATA"]},
    ]
    (tmp_path / "steps.json").write_text(json.dumps({"steps": steps}))
    done = job("run", "--request", "steps.json", "--output", "json")
    assert done.code == 0, done.err
    assert done.json["result"]["stdout"].strip() == "a"


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "--script", "a", "--image", "b"),
        ("run", "--request", "missing.json"),
        ("run", "--memory", "much", "--", "echo"),
        ("run", "--env", "novalue", "--", "echo"),
        ("run", "--array", "9-0", "--", "echo"),
        ("run", "--file", "/bin/sh"),
        ("show", "999999"),
        ("list", "--where", "{"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(job: Job, words: tuple[str, ...]) -> None:
    done = job(*words)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-2:], done.err
    assert "error: " in done.err


def test_a_schedule_is_made_paused_and_deleted(job: Job) -> None:
    made = job("schedule", "add", "--cron", "0 6 * * 1-5", "--output", "quiet", "--name", "m", "--", "true")
    assert made.code == 0, made.err
    schedule = made.out.strip()
    assert job("schedule", "pause", schedule).code == 0
    (listed,) = job("schedule", "list", "--output", "json").json
    assert (listed["id"], listed["paused"], listed["request"]["cmd"]) == (schedule, True, ["true"])
    assert "next 20" in job("schedule", "resume", schedule).err
    assert job("schedule", "rm", schedule).code == 0
    assert job("schedule", "add", "--cron", "x", "--", "true").code == 1


def test_ctrl_c_cancels_what_runs(server: Served, tmp_path: Path, job: Job) -> None:
    command = [SHOAL, "job", "run", "--name", "long", "--", "sh", "-c", "echo begun; sleep 60"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(server.home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "is cancelled." in said
    (listed,) = job("list", "--name", "long", "--output", "json").json
    assert listed["state"] == "cancelled"


def test_without_a_server_a_command_does_it_itself(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert shoal("job", "submit", "--", "echo", "later", home=home, cwd=tmp_path).code == 0
    assert shoal("job", "logs", "-f", "1", home=home, cwd=tmp_path).out == "later\n"
    assert shoal("job", "show", "1", "--output", "quiet", home=home, cwd=tmp_path).out == "succeeded\n"
