"""One worker process, spoken to over its socket: no database, no supervisor."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from shoal.jobs.workers import wire
from shoal.jobs.workers.nursery import Exited, Nursery, Spawned, environment
from shoal.jobs.workers.protocol import (
    Artifact,
    Assign,
    Assignment,
    Finish,
    FromHouse,
    Heartbeat,
    Log,
    Message,
    Progress,
    Recall,
    Registered,
    Returned,
    Stop,
    decode,
    encode,
)
from shoal.jobs.workers.worker import Settings
from tests.support.waiting import wait_until

M = TypeVar("M", bound=Message)


class Talk:
    """The house's end of one worker's line."""

    def __init__(self, nursery: Nursery, root: Path) -> None:
        self.nursery = nursery
        self.heard: list[Message] = []
        self.output, output = os.pipe()
        self.line, theirs = socket.socketpair()
        self._unpacker = wire.Unpacker()
        nursery.spawn(1, theirs, output, Settings(str(root), heartbeat=0.05))
        theirs.close()
        os.close(output)
        self.pid = self.told(Spawned).pid
        assert self.hear(Registered).pid == self.pid

    def told(self, kind: type[Any]) -> Any:
        while True:
            for one in self.nursery.hear() or ():
                if isinstance(one, kind):
                    return one

    def say(self, message: FromHouse) -> None:
        self.line.sendall(wire.packed(encode(message)))

    def do(self, function: str, spec: dict[str, Any] | None = None, token: str = "t1") -> None:
        self.say(Assign([assignment(function, spec, token)]))

    def hear(self, kind: type[M]) -> M:
        for message in self._listen():
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind} before the end")

    def _listen(self) -> Iterator[Message]:
        while True:
            ready, _, _ = select.select([self.line], [], [], 20)
            assert ready, "nothing heard in time"
            piece = self.line.recv(65536)
            if not piece:
                return
            new = [decode(frame) for frame in self._unpacker.feed(piece)]
            self.heard += new
            yield from new

    def printed(self) -> str:
        return os.read(self.output, 65536).decode()


def assignment(function: str, spec: dict[str, Any] | None = None, token: str = "t1") -> Assignment:
    return Assignment(token, 7, 1, 1, "a job", f"tests.support.work:{function}", 1, spec or {})


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery(preload=())
    yield nursery
    nursery.close()


@pytest.fixture
def talk(nursery: Nursery, tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(nursery, tmp_path)
    yield talk
    talk.line.close()
    talk.told(Exited)
    os.close(talk.output)


def test_a_job_answers_with_its_result_and_measures(talk: Talk, tmp_path: Path) -> None:
    talk.do("add", {"numbers": [1, 2, 3]})
    finish = talk.hear(Finish)
    assert (finish.state, finish.error, finish.token) == ("succeeded", None, "t1")
    assert finish.result == {"sum": 6, "artifact": "jobs/7/1/1/sum.txt"}
    assert (tmp_path / "jobs/7/1/1/sum.txt").read_text() == "6"
    assert finish.peak_memory is not None and finish.peak_memory > 1_000_000
    assert Log("t1", "the sum is 6\n") in talk.heard
    assert Progress("t1", 1, 1) in talk.heard
    assert Artifact("t1", "sum.txt", "jobs/7/1/1/sum.txt", 1, sha256(b"6").hexdigest()) in talk.heard


def test_peak_memory_is_that_of_one_job(talk: Talk) -> None:
    peaks = []
    for mib in (200, 1):
        talk.do("hold_memory", {"mib": mib})
        peaks.append(talk.hear(Finish).peak_memory or 0)
    assert peaks[0] > 200 * 1024 * 1024
    assert peaks[1] < peaks[0] - 150 * 1024 * 1024


def test_an_exception_is_told_with_its_traceback(talk: Talk) -> None:
    talk.do("raises")
    finish = talk.hear(Finish)
    assert finish.state == "failed"
    assert finish.error is not None
    assert (finish.error["kind"], finish.error["type"], finish.error["message"]) == (
        "error",
        "ValueError",
        "no good",
    )
    assert "work.py" in finish.error["traceback"]
    assert "worker.py" not in finish.error["traceback"]


@pytest.mark.parametrize(
    ("function", "type_"),
    [("leave", "SystemExit"), ("unjsonable", "TypeError"), ("absent", "AttributeError")],
)
def test_what_else_can_go_wrong_fails_the_job_and_not_the_worker(
    talk: Talk, function: str, type_: str
) -> None:
    talk.do(function)
    finish = talk.hear(Finish)
    assert finish.error is not None and finish.error["type"] == type_
    talk.do("where")
    assert (talk.hear(Finish).result or {})["pid"] == talk.pid


def test_everything_printed_reaches_the_log(talk: Talk) -> None:
    talk.do("say")
    talk.hear(Finish)
    text = "".join(message.text for message in talk.heard if isinstance(message, Log))
    assert text.splitlines() == ["from print", "from stderr", "from the log", "no newline"]
    assert talk.printed() == "from the descriptor\n"


def test_leases_that_are_not_begun_can_be_recalled(talk: Talk, tmp_path: Path) -> None:
    running = tmp_path / "running"
    first = assignment("wait_for_file", {"running": str(running), "go": str(tmp_path / "go")}, "first")
    talk.say(Assign([first, assignment("where", token="second"), assignment("where", token="third")]))
    wait_until(running.exists)
    talk.say(Recall())
    assert talk.hear(Returned).tokens == ["second", "third"]
    (tmp_path / "go").touch()
    assert talk.hear(Finish).token == "first"


def test_a_job_that_looks_can_be_stopped(talk: Talk, tmp_path: Path) -> None:
    running = tmp_path / "running"
    talk.do("wait_for_file", {"running": str(running), "go": str(tmp_path / "never")})
    wait_until(running.exists)
    talk.say(Stop("t1", "cancelled"))
    assert talk.hear(Finish).state == "cancelled"


def test_a_busy_worker_keeps_its_heartbeat(talk: Talk, tmp_path: Path) -> None:
    talk.do("wait_for_file", {"running": str(tmp_path / "running"), "go": str(tmp_path / "go")})
    for _ in range(3):
        talk.hear(Heartbeat)
    (tmp_path / "go").touch()
    talk.hear(Finish)


def test_a_busy_worker_ends_when_the_house_is_gone(nursery: Nursery, tmp_path: Path) -> None:
    talk = Talk(nursery, tmp_path)
    running = tmp_path / "running"
    talk.do("stubborn", {"running": str(running)})
    wait_until(running.exists)
    talk.line.close()
    exited = talk.told(Exited)
    assert (exited.pid, exited.code) == (talk.pid, 0)
    os.close(talk.output)


def test_a_death_is_told_with_its_signal(nursery: Nursery, tmp_path: Path) -> None:
    talk = Talk(nursery, tmp_path)
    talk.do("crash")
    exited = talk.told(Exited)
    assert (exited.pid, exited.code) == (talk.pid, -signal.SIGSEGV)
    assert "Segmentation fault" in talk.printed()
    talk.line.close()
    os.close(talk.output)


def test_no_worker_survives_its_fork_server(tmp_path: Path) -> None:
    nursery = Nursery(preload=())
    talk = Talk(nursery, tmp_path)
    running = tmp_path / "running"
    talk.do("stubborn", {"running": str(running)})
    wait_until(running.exists)
    os.kill(talk.pid, signal.SIGSTOP)
    nursery.close()
    wait_until(lambda: not psutil.pid_exists(talk.pid))
    talk.line.close()
    os.close(talk.output)


def test_workers_get_one_thread_and_no_secrets() -> None:
    given = {
        "SHOAL_DATABASE": "postgresql://u:p@h/d",
        "SHOAL_SERVER_TOKEN": "x",
        "SHOAL_FAULT": "a",
        "PATH": "/bin",
    }
    kept = environment(given)
    assert {"SHOAL_FAULT", "PATH"} <= kept.keys()
    assert not {"SHOAL_DATABASE", "SHOAL_SERVER_TOKEN"} & kept.keys()
    assert kept["OPENBLAS_NUM_THREADS"] == "1"


def test_modules_are_loaded_and_warmed_once_before_the_fork(tmp_path: Path) -> None:
    nursery = Nursery(preload=("no.such.module", "tests.support.warmed"))
    talk = Talk(nursery, tmp_path)
    talk.do("where")
    found = talk.hear(Finish).result or {}
    assert found["modules"] == ["tests.support.warmed"]
    talk.say(Assign([Assignment("t2", 1, 1, 1, "", "tests.support.work:warmed_in", 1, {})]))
    assert talk.hear(Finish).result == {"pids": [nursery.pid]}
    nursery.close()
    talk.line.close()
    os.close(talk.output)


def test_a_worker_is_of_our_group_and_leaves_no_core(talk: Talk) -> None:
    talk.do("where")
    found = talk.hear(Finish).result or {}
    assert (found["group"], found["core"]) == (os.getpgid(0), [0, 0])


def test_a_garbled_message_is_refused() -> None:
    for frame in (b"", b"{}", b'["finish", {}]', b'["no such", {}]', b'["assign", {"leases": [{}]}]'):
        with pytest.raises(ValueError, match="worker protocol"):
            decode(frame)
