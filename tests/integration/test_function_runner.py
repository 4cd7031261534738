"""The runners `function` and `eval`, with real processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.jobs.runners.hosts import MOST
from shoal.jobs.sandbox import leftovers
from shoal.jobs.scripts.source import code_hash
from shoal.jobs.states import State
from tests.support.programs import Programs, Ran, running_programs
from tests.support.waiting import wait_until

MB = 1 << 20
CODE = """
import ctypes, os, random, sys, time
from pathlib import Path
from typing import Any

STATE = []

def greet(name: str, times: int = 1) -> str:
    print("said")
    print("warned", file=sys.stderr)
    return f"hello {name} " * times

def remember():
    STATE.append(1)
    return len(STATE)

def whoami():
    env = os.environ
    return {"host": os.getppid(), "folder": os.getcwd(), "mine": env.get("MINE"), "home": env["HOME"]}

def read(path):
    return Path(path).read_text()

def shuffled():
    return random.random()

def leave():
    Path("out", "a.txt").write_text("kept")
    Path("gone.txt").write_text("not kept")
    Path("..", "beside.txt").write_text("not kept") if os.access("..", os.W_OK) else None

def big():
    return "x" * (3 << 20)

def boom():
    raise LookupError("what now?")

def quit():
    sys.exit("enough")

def vanish():
    os._exit(9)

def crash():
    ctypes.string_at(0)

def eat():
    return len(bytearray(400 << 20))

def nap():
    print("napping", flush=True)
    time.sleep(1000)
"""


@pytest.fixture(scope="module")
def programs(sqlite_template: Path) -> Iterator[Programs]:
    with running_programs(sqlite_template, 1, eval=True) as running:
        folder = running.root / "scripts"
        folder.mkdir()
        (folder / "things.py").write_text(CODE)
        yield running


def spec_of(programs: Programs, function: str) -> dict[str, Any]:
    source = programs.root / "scripts"
    return {"source": str(source), "function": function, "code_hash": code_hash([source])}


def call(programs: Programs, function: str, *args: object, **spec: Any) -> Ran:
    return programs.ran("function", **(spec_of(programs, function) | {"args": list(args)} | spec))


def value(ran: Ran) -> object:
    assert ran.job.state is State.SUCCEEDED, ran.job.error
    return ran.job.result["value"]


def test_a_function_gets_its_arguments_and_gives_its_value(programs: Programs) -> None:
    ran = call(programs, "greet", "you", kwargs={"times": 2})
    assert (value(ran), ran.job.result["type"]) == ("hello you hello you ", "str")
    assert sorted(ran.log.splitlines()) == [b"said", b"warned"]
    assert ran.attempt.exit_code == 0
    assert ran.attempt.peak_memory is not None and ran.attempt.peak_memory > MB


def test_what_makes_a_call_reproducible_is_kept(programs: Programs) -> None:
    ran = call(programs, "shuffled", seed=7)
    kept = ran.facts["reproduce"]
    assert kept["code_hash"] == code_hash([programs.root / "scripts"])
    assert (kept["seed"], "orjson" in kept["packages"], "json" in kept["packages"]) == (7, True, False)
    assert (
        value(ran) == value(call(programs, "shuffled", seed=7)) != value(call(programs, "shuffled", seed=8))
    )


def test_calls_share_a_host_and_nothing_else(programs: Programs) -> None:
    assert [value(call(programs, "remember")) for _ in range(2)] == [1, 1]
    first, second = (call(programs, "whoami", env={"MINE": str(n)}).job.result["value"] for n in range(2))
    assert first["host"] == second["host"]
    assert (first["mine"], second["mine"], first["home"]) == ("0", "1", first["folder"])
    assert first["folder"] != second["folder"]


def test_changed_code_is_called_as_it_is_now(programs: Programs) -> None:
    file = programs.root / "scripts" / "changing.py"
    file.write_text("def version():\n    return 1\n")
    assert value(call(programs, "version")) == 1
    file.write_text("def version():\n    return 2\n")
    assert value(call(programs, "version")) == 2


def test_data_reaches_the_function(programs: Programs) -> None:
    programs.storage.put("data/a.txt", [b"some data"])
    data = {"type": "datafile", "name": "a.txt", "key": "data/a.txt", "sha256": "f00"}
    ran = call(programs, "read", data=data)
    assert value(ran) == "some data"
    assert ran.facts["reproduce"]["inputs"] == {"a.txt": "f00"}


def test_files_in_out_are_kept_and_nothing_else_stays(programs: Programs) -> None:
    ran = call(programs, "leave")
    assert programs.artifact(ran, "a.txt") == b"kept"
    assert len(ran.facts["artifacts"]) == 1
    assert not list(programs.nest.rglob("*.txt"))


def test_a_large_value_becomes_a_file(programs: Programs) -> None:
    ran = call(programs, "big")
    assert (ran.job.result["value"], ran.job.result["artifact"]) == (None, "value.json")
    assert len(programs.artifact(ran, "value.json")) == (3 << 20) + 2


def test_an_exception_is_told_with_its_traceback(programs: Programs) -> None:
    ran = call(programs, "boom")
    assert (ran.error["kind"], ran.error["type"], ran.error["message"]) == (
        "error",
        "LookupError",
        "what now?",
    )
    assert "in boom" in ran.error["traceback"] and "jobs/runners" not in ran.error["traceback"]


def test_wrong_arguments_are_refused_in_words(programs: Programs) -> None:
    ran = call(programs, "greet", "you", kwargs={"times": "many"})
    assert (ran.error["kind"], ran.error["errors"][0]["pointer"]) == ("refused", "/kwargs/times")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("vanish", "It ended with exit code 9."),
        ("crash", "It was ended by the signal SIGSEGV."),
        ("quit", "It ended itself with exit code enough."),
    ],
)
def test_a_function_that_ends_its_process_fails_in_words(
    programs: Programs, function: str, message: str
) -> None:
    assert call(programs, function).error["message"] == message


def test_memory_over_the_limit_is_told_in_words(programs: Programs) -> None:
    ran = call(programs, "eat", limits={"memory": 200 * MB})
    assert ran.error["kind"] == "memory"
    assert ran.error["message"].startswith("It used more than 200 MB of memory")


def test_a_cancelled_call_ends_and_the_host_goes_on(programs: Programs) -> None:
    host = call(programs, "whoami").job.result["value"]["host"]
    id_ = programs.hand_in("function", spec_of(programs, "nap") | {"kill_grace": 5})
    wait_until(lambda: programs.state(id_) is State.RUNNING)
    programs.cancel(id_)
    assert programs.end_of(id_).job.state is State.CANCELLED
    assert call(programs, "whoami").job.result["value"]["host"] == host


def test_no_more_hosts_are_kept_than_are_needed(programs: Programs) -> None:
    at_most = MOST * 3  # In bubblewrap a host is three processes.
    for n in range(MOST + 1):
        (programs.root / "scripts" / "changing.py").write_text(f"def version():\n    return {n}\n")
        assert value(call(programs, "version")) == n
    wait_until(lambda: len(leftovers.processes(programs.nest)) <= at_most)


def test_text_is_run_with_its_data(programs: Programs) -> None:
    data = {"type": "raw_data", "data": [1, 2]}
    ran = programs.ran("eval", code="x = sum(data)\nprint(x)\nx + args[0]", args=[10], data=data)
    assert (value(ran), ran.log) == (13, b"3\n")
    assert value(programs.ran("eval", code="result = kwargs['a']", kwargs={"a": 5})) == 5


def test_faults_in_text_are_told_by_its_lines(programs: Programs) -> None:
    ran = programs.ran("eval", code="x = 1\nx / 0")
    assert ran.error["type"] == "ZeroDivisionError"
    assert 'File "<text>", line 2' in ran.error["traceback"] and "host.py" not in ran.error["traceback"]
    assert programs.ran("eval", code="x =").error["type"] == "SyntaxError"


def test_text_is_refused_unless_the_settings_allow_it(sqlite_template: Path) -> None:
    with running_programs(sqlite_template) as programs:
        assert programs.ran("eval", code="1").error["code"] == "forbidden"


def test_a_python_that_the_sandbox_cannot_start_is_told_in_words(sqlite_template: Path) -> None:
    if os.geteuid() != 0 or all(one.stat().st_mode & 0o001 for one in Path(sys.executable).resolve().parents):
        pytest.skip("needs root, and a Python that other users cannot reach")
    with running_programs(sqlite_template, sandbox="user") as programs:
        error = programs.ran("function", source="shoal.samples", function="summary").error
        assert (error["code"], "cannot be started in the sandbox 'user'" in error["message"]) == (
            "unavailable",
            True,
        )
        assert programs.command("true").job.state is State.SUCCEEDED
