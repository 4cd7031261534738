"""The runner `command`, with real processes: what it gives, what bounds it, how it is ended."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shoal.jobs import logs
from shoal.jobs.sandbox import leftovers
from shoal.jobs.states import State
from tests.support.programs import Programs, running_programs
from tests.support.waiting import wait_until

MB = 1 << 20


@pytest.fixture(scope="module")
def programs(sqlite_template: Path) -> Iterator[Programs]:
    with running_programs(sqlite_template, 2) as running:
        yield running


def memory(programs: Programs) -> int:
    return sum(psutil.Process(pid).memory_info().rss for pid in programs.pids())


def streams(programs: Programs, key: str | None) -> dict[str, bytes]:
    assert key is not None
    return {each: logs.read_stream(programs.logs, key, each).content for each in "oes"}


def test_a_command_gives_its_exit_code_its_output_and_what_it_used(programs: Programs) -> None:
    ran = programs.shell("echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three")
    assert ran.job.state is State.SUCCEEDED
    assert ran.job.result == {"exit_code": 0, "stdout": "one\nthree\n", "stderr": "two\n", "truncated": False}
    assert (ran.attempt.exit_code, ran.log) == (0, b"one\ntwo\nthree\n")
    assert streams(programs, ran.attempt.log) == {"o": b"one\nthree\n", "e": b"two\n", "s": b""}
    assert ran.attempt.peak_memory is not None and ran.attempt.peak_memory > MB
    assert ran.facts["cpu_seconds"] > 0


def test_words_reach_the_program_as_they_are(programs: Programs) -> None:
    words = ["a b", "$HOME", "`id`", "*", "", "\u00fc", "x\ny"]
    ran = programs.command("printf", "%s|", *words)
    assert ran.job.result["stdout"] == "|".join(words) + "|"


def test_an_array_element_finds_its_number_in_words_and_environment(programs: Programs) -> None:
    ran = programs.shell("echo {{.}} $N $SHOAL_ARRAY_INDEX", env={"N": "n{{.}}"}, array_index=7)
    assert ran.job.result["stdout"] == "7 n7 7\n"


def test_an_exit_code_is_a_failure_in_words(programs: Programs) -> None:
    ran = programs.shell("exit 75")
    assert (ran.job.state, ran.attempt.exit_code) == (State.FAILED, 75)
    assert (ran.error["kind"], ran.error["exit_code"]) == ("exit", 75)
    assert ran.error["message"] == "It ended with exit code 75."


def test_a_signal_is_told_by_its_name(programs: Programs) -> None:
    ran = programs.shell("kill -SEGV $$")
    assert (ran.attempt.exit_code, ran.error["message"]) == (139, "It was ended by the signal SIGSEGV.")


def test_a_program_that_is_not_there_is_refused_in_words(programs: Programs) -> None:
    ran = programs.command("there-is-no-such-program")
    assert (ran.error["kind"], ran.error["code"]) == ("refused", "not_found")
    assert "there-is-no-such-program" in ran.error["message"]


def test_data_is_there_as_a_file(programs: Programs) -> None:
    programs.storage.put("data/a.csv", [b"x,y\n1,2\n"])
    data = {"type": "datafile", "name": "a.csv", "key": "data/a.csv", "sha256": "f00"}
    ran = programs.shell('cat "$SHOAL_DATA"', data=data)
    assert ran.job.result["stdout"] == "x,y\n1,2\n"
    assert ran.facts["reproduce"]["inputs"] == {"a.csv": "f00"}


def test_files_in_out_are_kept(programs: Programs) -> None:
    ran = programs.shell("printf a > out/a.txt; mkdir out/d; printf b > out/d/b.bin; printf c > c.txt")
    assert programs.artifact(ran, "a.txt") == b"a"
    assert programs.artifact(ran, "d/b.bin") == b"b"
    assert len(ran.facts["artifacts"]) == 2


@pytest.mark.parametrize(
    ("script", "named"),
    [
        ("ln -s /etc/passwd out/link", "link"),
        ("ln -s / out/folder", "folder"),
        ("mkfifo out/pipe", "pipe"),
        ("printf x > x; ln x out/again", "again"),
    ],
)
def test_what_is_no_plain_file_is_refused(programs: Programs, script: str, named: str) -> None:
    ran = programs.shell(script)
    assert ran.error["kind"] == "refused"
    assert named in ran.error["message"]
    assert "artifacts" not in ran.facts


def test_output_that_is_no_text_is_kept_byte_by_byte(programs: Programs) -> None:
    ran = programs.shell("printf '\\377\\000\\303'; printf '\\251\\n'")
    assert ran.log == b"\xff\x00\xc3\xa9\n"
    assert ran.job.result["stdout"] == "\ufffd\ufffd\u00e9\n"


def test_two_hundred_megabytes_are_cut_said_and_cost_no_memory(programs: Programs) -> None:
    wait_until(lambda: len(programs.pids()) == 2 and programs.command("true"))
    before = memory(programs)
    ran = programs.shell(f"head -c {200 * MB} /dev/zero; echo end >&2", limits={"output": 3 * MB})
    assert ran.job.state is State.SUCCEEDED
    said = b"Log cut at 3 MB. The job went on.\n"
    assert len(ran.log) == 3 * MB + len(said)
    assert ran.log.endswith(said)
    assert ran.job.result["truncated"] and len(ran.job.result["stdout"]) == 64 << 10
    assert ran.job.result["stderr"] == "end\n"
    assert memory(programs) - before < 20 * MB


def test_a_program_that_closes_its_output_is_waited_for(programs: Programs) -> None:
    ran = programs.shell("exec >&- 2>&-; sleep 0.2; exit 4")
    assert ran.attempt.exit_code == 4


def test_a_program_ends_with_what_it_left_running(programs: Programs) -> None:
    ran = programs.shell("(setsid sh -c 'trap \"\" TERM HUP; sleep 1000' &); setsid sleep 1000 & echo done")
    assert (ran.job.state, ran.log) == (State.SUCCEEDED, b"done\n")
    assert leftovers.processes(programs.nest) == []


def test_memory_over_the_limit_is_told_in_words(programs: Programs) -> None:
    ran = programs.command("python3", "-c", "x = bytearray(300 << 20)", limits={"memory": 200 * MB})
    assert ran.error["kind"] == "memory"
    assert ran.error["message"].startswith("It used more than 200 MB of memory")


def test_memory_of_several_processes_counts_together(programs: Programs) -> None:
    one = "head -c 60000000 /dev/zero | tail -c 60000000 | sleep 1000"
    ran = programs.shell(f"({one}) & ({one}) & ({one}) & wait", limits={"memory": 100 * MB})
    assert ran.error["message"].startswith("It used more than 100 MB of memory")


def test_processor_time_over_the_limit_is_told_in_words(programs: Programs) -> None:
    ran = programs.shell("while :; do :; done", limits={"cpu_seconds": 1})
    assert ran.error["kind"] == "timeout"
    assert ran.error["message"] == "It used more than 1 s of processor time and was ended."


def test_cores_are_those_that_were_asked_for(programs: Programs) -> None:
    ran = programs.command("nproc", limits={"cores": 1})
    assert ran.job.result["stdout"] == "1\n"


def test_a_timeout_is_told_in_words_and_leaves_time_to_clean_up(programs: Programs) -> None:
    script = "trap 'echo cleaned; exit 0' TERM; echo begun; sleep 1000 & wait"
    ran = programs.shell(script, job={"timeout": 0.5}, kill_grace=5)
    assert (ran.job.state, ran.error["kind"]) == (State.FAILED, "timeout")
    assert ran.log == b"begun\ncleaned\n"


def test_who_ignores_the_end_is_killed_after_the_grace(programs: Programs) -> None:
    ran = programs.shell("trap '' TERM; sleep 1000 & wait; wait", job={"timeout": 0.3}, kill_grace=0.3)
    assert (ran.error["kind"], ran.attempt.exit_code) == ("timeout", 128 + signal.SIGKILL)


def test_a_cancelled_program_ends_and_keeps_what_it_said(programs: Programs) -> None:
    pids = programs.pids()
    id_ = programs.hand_in("command", {"cmd": ["sh", "-c", "echo begun; exec sleep 1000"], "kill_grace": 5})
    wait_until(lambda: programs.job(id_).state is State.RUNNING)
    key = logs.log_key(id_, 1, 1)
    wait_until(lambda: logs.read(programs.logs, key).content)
    programs.cancel(id_)
    ran = programs.end_of(id_)
    assert (ran.job.state, ran.log, ran.attempt.exit_code) == (
        State.CANCELLED,
        b"begun\n",
        128 + signal.SIGTERM,
    )
    assert programs.pids() == pids


def test_nothing_is_left_of_a_programs_folder(programs: Programs) -> None:
    programs.shell("mkdir -p a/b; touch a/b/c; chmod 000 a/b a")
    assert list(programs.nest.glob("*/*")) == []
