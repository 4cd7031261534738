"""The runners `batch` and `file`, with real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest

from shoal.jobs.states import State
from tests.support.programs import Programs, Ran, running_programs

TOOL = """#!/bin/sh
echo "$@"
[ -f "$1" ] && cat "$1"
echo careful >&2
"""


@pytest.fixture(scope="module")
def programs(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    folder = tmp_path_factory.mktemp("tools")
    for name in ("tool", "hidden"):
        (folder / name).write_text(TOOL)
    (folder / "tool").chmod(0o755)
    for place in (folder, *folder.parents[:2]):
        if place.stat().st_uid == os.geteuid():
            place.chmod(0o755)
    with running_programs(sqlite_template, 1, files=(str(folder),)) as running:
        yield running


def items(programs: Programs, ran: Ran) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in programs.artifact(ran, "items.jsonl").splitlines()]


def test_a_batch_runs_each_number_in_order_both_ends_included(programs: Programs) -> None:
    ran = programs.ran("batch", cmd=["echo", "n={{.}}"], start=2, stop=11, step=3)
    assert ran.job.state is State.SUCCEEDED
    assert ran.job.result == {"items": 4, "failed": 0, "stdout": "n=2\nn=5\nn=8\nn=11\n"}
    assert ran.log == b"n=2\nn=5\nn=8\nn=11\n"
    assert [(one["item"], one["exit_code"], one["stdout"]) for one in items(programs, ran)] == [
        (n, 0, f"n={n}\n") for n in (2, 5, 8, 11)
    ]


def test_a_batch_counts_in_decimals_without_error(programs: Programs) -> None:
    ran = programs.ran("batch", cmd=["echo", "{{.}}"], start="0", stop="0.3", step="0.1")
    assert ran.job.result["stdout"] == "0.0\n0.1\n0.2\n0.3\n"


def test_an_item_that_fails_does_not_stop_the_rest(programs: Programs) -> None:
    script = "echo {{.}} $N; echo bad >&2; [ {{.}} -ne 2 ]"
    ran = programs.ran("batch", cmd=["sh", "-c", script], env={"N": "<{{.}}>"}, start=1, stop=3, step=1)
    assert (ran.job.state, ran.error["kind"]) == (State.FAILED, "exit")
    assert ran.error["message"] == "1 of 3 items failed, first 2 with exit code 1."
    told = items(programs, ran)
    assert [one["exit_code"] for one in told] == [0, 1, 0]
    assert (told[1]["stdout"], told[1]["stderr"]) == ("2 <2>\n", "bad\n")


def test_a_batch_that_is_to_fail_fast_stops_at_the_first(programs: Programs) -> None:
    cmd = ["sh", "-c", "[ {{.}} -lt 3 ]"]
    ran = programs.ran("batch", cmd=cmd, start=1, stop=1000, step=1, fail_fast=True)
    assert ran.error["message"] == "1 of 3 items failed, first 3 with exit code 1."
    assert len(items(programs, ran)) == 3


def test_items_side_by_side_are_told_in_order(programs: Programs) -> None:
    cmd = ["sh", "-c", "sleep 0.0$((5 - {{.}})); echo {{.}}"]
    ran = programs.ran("batch", cmd=cmd, start=1, stop=4, step=1, limits={"cores": 4})
    assert ran.job.result["stdout"] == "1\n2\n3\n4\n"


def test_an_item_whose_program_is_not_there_is_told(programs: Programs) -> None:
    ran = programs.ran("batch", cmd=["no-such-program", "{{.}}"], start=1, stop=2, step=1)
    assert [one["exit_code"] for one in items(programs, ran)] == [127, 127]
    assert b"no-such-program: No such file or directory" in ran.log


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(2, 1, 1), (1, 2, 0), (1, 2, -1), ("a", 2, 1), (1, "NaN", 1)]
)
def test_a_batch_without_items_is_refused(programs: Programs, start: Any, stop: Any, step: Any) -> None:
    ran = programs.ran("batch", cmd=["echo"], start=start, stop=stop, step=step)
    assert (ran.error["kind"], ran.error["code"]) == ("refused", "invalid_input")


def test_thousands_of_items_take_a_moment_and_tell_how_far_they_are(programs: Programs) -> None:
    started = monotonic()
    ran = programs.ran("batch", cmd=["true"], start=1, stop=1000, step=1)
    assert ran.job.result["items"] == 1000
    assert monotonic() - started < 30
    assert ran.job.progress is not None
    assert ran.job.progress.total == 1000 and ran.job.progress.done > 100


def test_a_file_gets_its_data_and_its_arguments_and_may_write_to_stderr(programs: Programs) -> None:
    data = {"type": "raw_data", "data": {"x": [1, 2]}}
    ran = programs.ran("file", script="tool", args=["a b", 3], data=data)
    assert ran.job.state is State.SUCCEEDED
    first, content = ran.job.result["stdout"].splitlines()
    assert first.endswith("/data.json a b 3")
    assert content == '{"x":[1,2]}'
    assert (ran.job.result["stderr"], ran.attempt.exit_code) == ("careful\n", 0)
    assert len(ran.facts["reproduce"]["code_hash"]) == 64


@pytest.mark.parametrize("name", ["other", "hidden", "../tools/tool", "/bin/sh", "", ".", "tool/../tool"])
def test_a_file_that_is_not_allowed_is_refused(programs: Programs, name: str) -> None:
    ran = programs.ran("file", script=name)
    assert (ran.error["kind"], ran.error["code"]) == ("refused", "forbidden")


def test_commands_may_be_switched_off(sqlite_template: Path) -> None:
    with running_programs(sqlite_template, commands=False) as programs:
        assert programs.command("true").error["code"] == "forbidden"
        assert programs.ran("batch", cmd=["true"], start=1, stop=1, step=1).error["code"] == "forbidden"
