"""Nothing that a program started outlives the worker, the launcher, or the server that ran it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.jobs.model import Retry
from shoal.jobs.sandbox import choosing, family, leftovers, modes
from shoal.jobs.states import State
from tests.support.command import ROOT
from tests.support.programs import STUBBORN, Programs, running_programs
from tests.support.waiting import wait_until

SCRIPTS = """
import os, time

def nothing():
    pass

def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open(os.path.join(os.environ["HOME"], "ready"), "w").close()
        time.sleep(1000)
    time.sleep(1000)
"""


@pytest.fixture(params=[modes.BUBBLEWRAP, modes.LANDLOCK])
def programs(request: pytest.FixtureRequest, sqlite_template: Path) -> Iterator[Programs]:
    with running_programs(sqlite_template, 1, sandbox=request.param) as running:
        mode, tried = choosing.described(running.terms)
        if not mode:
            pytest.skip(f"{request.param} does not work here: {tried}")
        yield running


def begun(programs: Programs, kind: str = "command", **spec: object) -> int:
    """Hand a stubborn program in, wait until it is at its worst, and return its job."""
    given = {"cmd": ["sh", "-c", STUBBORN], "kill_grace": 0.2} if kind == "command" else spec
    once_more = Retry(max_attempts=2, backoff=0.0)
    id_ = programs.hand_in(kind, given, retry=once_more)
    wait_until(lambda: list(programs.nest.rglob("ready")))
    return id_


def launcher_of(worker: int) -> int:
    wait_until(lambda: family.children(worker))
    return family.children(worker)[0]


def gone(pids: list[int]) -> None:
    wait_until(lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists() and not is_dead(pid)])


def is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # It went before, or while it was read.
        return True


def test_a_cancelled_job_leaves_nothing(programs: Programs) -> None:
    id_ = begun(programs)
    pids = leftovers.processes(programs.nest)
    assert len(pids) >= 3
    programs.cancel(id_)
    assert programs.end_of(id_).job.state is State.CANCELLED
    gone(pids)


def test_a_killed_worker_takes_its_programs_with_it(programs: Programs) -> None:
    id_ = begun(programs)
    (worker,) = programs.pids()
    pids = [*family.descendants(worker)]
    os.kill(worker, signal.SIGKILL)
    gone(pids)
    wait_until(lambda: len(programs.attempts(id_)) == 2)
    assert programs.attempts(id_)[0].state is State.LOST
    programs.cancel(id_)
    programs.done([id_])


def test_a_killed_launcher_takes_its_programs_with_it_and_is_replaced(programs: Programs) -> None:
    id_ = begun(programs)
    (worker,) = programs.pids()
    launcher = launcher_of(worker)
    pids = [launcher, *family.descendants(launcher)]
    os.kill(launcher, signal.SIGKILL)
    gone(pids)
    wait_until(lambda: len(programs.attempts(id_)) == 2)
    error = programs.attempts(id_)[0].error
    assert error is not None and error["kind"] == "lost"
    programs.cancel(id_)
    programs.done([id_])
    assert programs.pids() == [worker]
    assert programs.command("true").job.state is State.SUCCEEDED


def test_a_called_function_leaves_nothing_but_its_host(programs: Programs) -> None:
    folder = programs.root / "scripts"
    folder.mkdir()
    (folder / "bad.py").write_text(SCRIPTS)
    assert programs.ran("function", source=str(folder), function="nothing").job.state is State.SUCCEEDED
    host = set(leftovers.processes(programs.nest))
    id_ = begun(programs, "function", source=str(folder), function="daemon", kill_grace=0.2)
    pids = set(leftovers.processes(programs.nest)) - host
    assert len(pids) >= 3
    programs.cancel(id_)
    assert programs.end_of(id_).job.state is State.CANCELLED
    gone(list(pids))


def test_stopped_workers_leave_neither_processes_nor_folders(programs: Programs) -> None:
    begun(programs)
    pids = leftovers.processes(programs.nest)
    programs.supervisor.stop()
    gone(pids)
    wait_until(lambda: not programs.nest.exists())


@pytest.mark.parametrize("mode", [modes.BUBBLEWRAP, modes.LANDLOCK])
@pytest.mark.parametrize("whole", [False, True], ids=["server", "tree"])
def test_a_killed_server_leaves_nothing_that_the_next_does_not_end(
    sqlite_template: Path, mode: str, whole: bool
) -> None:
    words = [sys.executable, "-m", "tests.support.programs", str(sqlite_template), mode]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True, cwd=ROOT) as server:
        assert server.stdout is not None
        nest = Path(server.stdout.readline().decode().strip()).parents[1]
        pids = leftovers.processes(nest)
        assert len(pids) >= 3
        if whole:
            os.killpg(server.pid, signal.SIGKILL)
        else:
            server.kill()
    try:
        if whole:  # Nobody was left to end them.
            leftovers.end(nest)
        gone(pids)
        wait_until(lambda: not nest.exists() or not any(nest.iterdir()))
    finally:
        shutil.rmtree(nest.parent, ignore_errors=True)  # The launcher may be about to remove its part.


def test_what_an_earlier_life_left_is_ended_by_the_next(tmp_path: Path) -> None:
    nest = tmp_path / "nest"
    folder = nest / "1-x"
    folder.mkdir(parents=True)
    words = [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(1000)"]
    env = {"SHOAL_FOLDER": str(folder)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, start_new_session=True) as orphan:
        assert orphan.stdout is not None and orphan.stdout.readline() == b"1\n"
        assert leftovers.processes(nest) == [orphan.pid]
        leftovers.end(nest)
        assert orphan.wait(10) == -signal.SIGKILL
    assert not folder.exists()
