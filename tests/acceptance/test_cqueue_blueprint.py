"""The blueprint `cqueue`, built of processes: the documented requests are answered by its master."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.blueprints import Built, changed_copy, of_processes
from tests.support.containers import running_containers
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
ENDS = ("SUCCESS", "FAILURE", "CANCELED")


@dataclass(frozen=True)
class Queue(Built):
    """A cluster whose master has an address."""

    address: str = ""


@pytest.fixture
def engine() -> Iterator[str]:
    """Give the address of an engine for the tasks' containers."""
    with running_containers() as running:
        yield running.socket


@pytest.fixture
def queue(engine: str, tmp_path: Path) -> Iterator[Queue]:
    instead = {**of_processes(), 'engine: ""': f"engine: {engine}"}
    with running_server(tmp_path / "served", infra={"interval": 2.0}) as server:
        built = Built(server, tmp_path)
        built.infra("build", changed_copy("cqueue", tmp_path / "my-cqueue", instead))
        try:
            (address,) = built.addresses("cqueue-master")
            yield Queue(server, tmp_path, address=address)
        finally:
            if built.shown("--gone")["phase"] != "destroyed":
                built.infra("destroy", "last", "--yes")


# One test: its steps need one cluster, and to build it takes a while.
def test_a_queue_works_is_scaled_and_leaves_nothing(queue: Queue) -> None:
    the_tutorial_posts_asks_fetches_and_deletes(queue)
    commands_and_batches_are_run(queue)
    a_worker_that_is_added_works(queue)
    a_worker_that_goes_ends_its_task_and_is_no_longer_known(queue)
    nothing_is_left_but_history(queue)


def the_tutorial_posts_asks_fetches_and_deletes(queue: Queue) -> None:
    task = post(queue, '{"image":"ubuntu", "cmd":["echo", "hello Docker"]}')
    assert result(queue, task).strip() == "hello Docker"
    run(queue, f"curl -X DELETE http://<masterip>:8080/task/{task}")
    assert "error" in run(queue, f"curl -X GET http://<masterip>:8080/task/{task}")


def commands_and_batches_are_run(queue: Queue) -> None:
    assert result(queue, post(queue, '{"type":"local", "cmd":["echo", "test msg"]}')) == "test msg\n"
    batch = post(queue, '{"type":"batch", "start":"1" , "stop":"10", "cmd":["echo", "run {{.}}.cfg"]}')
    assert result(queue, batch) == "".join(f"run {n}.cfg\n" for n in range(1, 11))


def a_worker_that_is_added_works(queue: Queue) -> None:
    queue.infra("scale", "last", "cqueue-worker", 2)
    names = machines(queue)
    assert len(names) == 2
    tasks = [post(queue, '{"type":"local", "cmd":["sleep", "3"]}') for _ in range(6)]
    wait_until_working(queue, names)
    for task in tasks:
        result(queue, task)


def a_worker_that_goes_ends_its_task_and_is_no_longer_known(queue: Queue) -> None:
    before = machines(queue)
    tasks = [post(queue, '{"type":"local", "cmd":["sh", "-c", "sleep 6; echo ended"]}') for _ in range(3)]
    wait_until_working(queue, before)
    queue.infra("scale", "last", "cqueue-worker", 1)
    left = machines(queue)
    assert len(left) == 1
    assert before & {str(each["name"]) for each in workers(queue)} == left
    for task in tasks:
        assert result(queue, task) == "ended\n"
        told = httpx.get(f"http://{queue.address}:8080/task/{task}?details=1", trust_env=False).json()
        assert len(told["attempts"]) == 1


def wait_until_working(queue: Queue, names: set[str]) -> None:
    """Wait until each of some workers has been seen to do a task."""
    seen: set[str] = set()

    def all_are_seen() -> bool:
        seen.update(str(each["name"]) for each in workers(queue) if each["running"])
        return names <= seen

    wait_until(all_are_seen, timeout=60, on_timeout=lambda: workers(queue))


def nothing_is_left_but_history(queue: Queue) -> None:
    queue.infra("destroy", "last", "--yes")
    assert not list(queue.server.home.glob("infra/*/machines"))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{queue.address}:8080/", trust_env=False)
    shown = queue.shown("--gone")
    assert shown["phase"] == "destroyed"
    assert [each["state"] for each in shown["instances"]] == ["dropped"] * 3


def run(queue: Queue, line: str) -> str:
    """Run a documented line in a shell and return what it prints."""
    words = ["sh", "-c", line.replace("<masterip>", queue.address)]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def post(queue: Queue, document: str) -> str:
    """Post a task by the documented line and return its id."""
    line = f"curl -H 'Content-Type: application/json' -X POST -d'{document}' http://<masterip>:8080/task"
    answer = run(queue, line)
    found = re.fullmatch(r'\{"id":"(task_[0-9a-f-]{36})"\}', answer)
    assert found is not None, answer
    return found[1]


def result(queue: Queue, task: str) -> str:
    """Wait until a task has succeeded and return its result, both by the documented lines."""
    asked = f"curl -X GET http://<masterip>:8080/task/{task}"

    def has_ended() -> bool:
        return any(end in run(queue, asked) for end in ENDS)

    wait_until(has_ended, timeout=120, on_timeout=lambda: run(queue, asked))
    assert run(queue, asked) == '{"status":"SUCCESS"}', run(queue, f"{asked}?details=1")
    return run(queue, f"curl -X GET http://<masterip>:8080/task/{task}/result")


def machines(queue: Queue) -> set[str]:
    """Return the names of the workers' machines."""
    return {each["name"] for each in queue.shown()["instances"] if each["node"] == "cqueue-worker"}


def workers(queue: Queue) -> list[dict[str, Any]]:
    """Return who works, as the master says."""
    found = httpx.get(f"http://{queue.address}:8080/api/v1/workers", trust_env=False, timeout=30)
    return [dict(each) for each in found.json()["workers"]]
