"""`shoal live` and `shoal demo`: real commands against a real server."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import PENGUINS, SHOAL, Ran, environment, shoal
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

Live = Callable[..., Ran]
MEASURES = "bill_length_mm,bill_depth_mm"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("live") / "home") as served:
        yield served


@pytest.fixture
def live(server: Served, tmp_path: Path) -> Live:
    return lambda *words, **env: shoal("live", *words, home=server.home, cwd=tmp_path, timeout=240, **env)


@contextmanager
def started(words: list[str], server: Served, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside the test, at whose end it ends or is ended."""
    process = subprocess.Popen(words, env=environment(server.home), text=True, **options)
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def facts(live: Live, task: str) -> dict[str, Any]:
    found: dict[str, Any] = live("show", task, "--output", "json").json
    return found


def test_a_file_is_pushed_clustered_and_looked_at(live: Live, tmp_path: Path) -> None:
    wish = ("--algorithm", "kmeans", "--k", 3, "--iter", 20, "--columns", MEASURES)
    made = live("create", "penguins", *wish, "--output", "json").json
    assert (made["state"], made["wish"]["columns"]) == ("created", MEASURES.split(","))
    pushed = live("push", "penguins", PENGUINS, "--key", "birds")
    assert (pushed.out, pushed.err) == ("342 rows pushed.\n", "Left out: 2 rows with gaps.\n")
    again = live("push", "penguins", PENGUINS, "--key", "birds", "--output", "json")
    assert again.json == {"rows": 342, "duplicates": 342}
    assert live("play", "penguins").code == 0
    waited = live("wait", "penguins")
    assert waited.code == 0
    assert "penguins  ready  3 clusters  342 rows" in waited.out
    assert "CLUSTER  ROWS  SHARE" in waited.out
    told = live("predict", "penguins", PENGUINS, "--output", "json").json
    assert len(told["labels"]) == 342
    assert set(told["labels"]) == {1, 2, 3}
    listed = live("list", "--search", "peng").out
    assert re.search(rf"{made['id']}  penguins  ready +3 +342", listed)
    assert live("export", "penguins", "--out", "p.npz").code == 0
    assert live("import", "p.npz", "--name", "brought").out.count("brought  ready") == 1
    assert live("copy", made["id"], "--name", "other", "--output", "quiet").out.strip() != made["id"]
    assert live("delete", "other", "brought").code == 0
    assert live("show", "other").code == 1


def test_a_task_is_driven_and_changed(live: Live) -> None:
    played = live("play", "driven", "--algorithm", "kmeans", "--set", "k=2", "--frame-size", "50")
    assert played.code == 0, played.err
    changed = live("reconfigure", "driven", "--k", "3", "--name", "d2", "--output", "json").json
    assert (changed["wish"]["algorithm"]["k"], changed["wish"]["name"]) == (3, "d2")
    wait_until(lambda: facts(live, "d2")["state"] == "running", timeout=120)
    assert "idle" in live("pause", "d2").out
    assert live("wait", "d2").err.startswith("error: The task is paused.")
    assert "finished" in live("stop", "d2").out


def test_errors_are_sentences_and_exit_codes(live: Live, tmp_path: Path) -> None:
    missing = live("show", "nothing")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("error: There is no live task nothing.\n  Make one:")
    assert live("play", "bad", "--algorithm", "magic").code == 1
    assert live("push", "bad").code == 1
    live("create", "rows")
    (tmp_path / "rows.ndjson").write_text("[1, 2]\nred\n")
    refused = live("push", "rows", "rows.ndjson")
    assert (refused.code, refused.err.startswith("error: Line 2 is no row")) == (1, True)
    assert live("create", "rows", "--k", "x").code == 2
    alone = shoal("live", "list", home=tmp_path / "none", cwd=tmp_path, SHOAL_SERVER="http://127.0.0.1:9")
    assert (alone.code, alone.err.startswith("error: No server at")) == (1, True)


def test_lines_are_pushed_as_they_come(live: Live, server: Served, tmp_path: Path) -> None:
    live("create", "piped")
    words = [SHOAL, "live", "push", "piped", "-"]
    with started(words, server, stdin=subprocess.PIPE) as pushing:
        assert pushing.stdin is not None
        pushing.stdin.write("x,y\n1,2\n3,4\n")
        pushing.stdin.flush()
        wait_until(lambda: facts(live, "piped")["rows"] == 2, timeout=60)
        pushing.stdin.write("5,6")
    assert pushing.returncode == 0
    assert facts(live, "piped")["rows"] == 3


def test_sources_feed_and_go_on_where_they_were(live: Live, tmp_path: Path) -> None:
    live("create", "fed")
    log = tmp_path / "log.csv"
    log.write_text("x,y\n1,2\n3,4\n")
    assert live("feed", "tail", "fed", log, "--once").err.endswith("2 rows pushed.\n")
    with log.open("a") as file:
        file.write("5,red\n7,8\n")
    second = live("feed", "tail", "fed", log, "--once")
    assert "left out" in second.err
    assert second.err.endswith("1 rows pushed.\n")
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE t (id INTEGER, x REAL, y REAL)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", [(n, n, n) for n in range(1, 6)])
    database.close()
    query = "SELECT id, x, y FROM t WHERE id > :after ORDER BY id"
    words = ("--database-url", f"sqlite:///{tmp_path}/db", "--query", query, "--column", "id", "--once")
    assert live("feed", "sql", "fed", *words).err.endswith("5 rows pushed.\n")
    assert live("feed", "sql", "fed", *words).err.endswith("0 rows pushed.\n")
    assert facts(live, "fed")["rows"] == 8


def test_a_feeder_that_is_killed_goes_on(live: Live, server: Served, tmp_path: Path) -> None:
    live("create", "killed")
    log = tmp_path / "log"
    log.write_text("".join(f"[{n}, 0]\n" for n in range(9_000)))
    words = [SHOAL, "live", "feed", "tail", "killed", str(log)]
    for rows in (1, 3_000):
        feeding = subprocess.Popen(
            words, env=environment(server.home), cwd=tmp_path, stderr=subprocess.DEVNULL
        )
        wait_until(lambda rows=rows: facts(live, "killed")["rows"] >= rows, timeout=60)  # type: ignore[misc]
        feeding.kill()
        feeding.wait()
    assert live("feed", "tail", "killed", log, "--once").code == 0
    assert facts(live, "killed")["rows"] == 9_000


def drawn(words: list[str], env: dict[str, str], cwd: Path, enough: str, keys: str) -> str:
    """Run a command in a terminal of 80 x 24 until it shows something, press keys, return all it wrote."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(cwd)
        os.execve(SHOAL, words, env | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"})
    written, end = "", time.monotonic() + 120
    while enough not in written and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            written += os.read(terminal, 1 << 16).decode("utf-8", "replace")
    os.write(terminal, keys.encode())
    while select.select([terminal], [], [], 20)[0]:
        try:
            written += os.read(terminal, 1 << 16).decode("utf-8", "replace")
        except OSError:  # The other end is closed.
            break
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, written[-2000:]
    os.close(terminal)
    return written


def test_the_terminal_shows_points_and_clusters_and_gives_itself_back(
    live: Live, server: Served, tmp_path: Path
) -> None:
    wish = ("--algorithm", "kmeans", "--k", 2, "--columns", MEASURES)
    assert live("play", "drawn", *wish).code == 0
    live("push", "drawn", PENGUINS)
    words = [SHOAL, "live", "watch", "drawn"]
    written = drawn(words, environment(server.home), tmp_path, "2 clusters", "a?q")
    assert written.endswith("\x1b[?25h\x1b[?1049l")
    frame = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.split("\x1b[H")[-3])
    lines = [line.rstrip() for line in frame.splitlines()]
    assert lines[0].startswith("drawn  running  2 clusters  342 rows")
    assert lines[1].endswith("q quit  p pause  a axes  ? help")
    assert "bill_length_mm" in lines[1]
    assert re.search("[\u2801-\u28ff]", frame)
    assert any(line.startswith("1 blue") for line in lines)
    assert any("Cluster 2 born" in line for line in lines)
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80


def test_a_pipe_gets_lines_and_json(live: Live, server: Served, tmp_path: Path) -> None:
    live("create", "piped-out")
    for more, word in (([], "piped-out  created"), (["--output", "json"], '"state":"created"')):
        words = [SHOAL, "live", "watch", "piped-out", *more]
        with started(words, server, stdout=subprocess.PIPE) as one:
            assert one.stdout is not None
            assert word in one.stdout.readline()
            one.send_signal(signal.SIGINT)
        assert one.returncode == 0
    assert json.loads(live("show", "piped-out", "--output", "json").out)["name"] == "piped-out"


def test_the_demo_shows_something_that_moves_and_leaves_nothing(live: Live, server: Served) -> None:
    words = [SHOAL, "demo", "--rate", "500"]
    with started(words, server, stderr=subprocess.PIPE) as demo:
        assert demo.stderr is not None
        told = demo.stderr.readline()
        task = told.rpartition("/")[2].strip()
        assert told.startswith(f"Open {server.url}/app/live/")
        found = wait_until(lambda: _with_clusters(live, task), timeout=120)
        assert {one["id"] for one in found["clusters"]}
        demo.send_signal(signal.SIGINT)
        assert "The demo is over" in demo.stderr.read()
    assert demo.returncode == 0
    assert live("show", task).code == 1


def _with_clusters(live: Live, task: str) -> dict[str, Any]:
    found: dict[str, Any] = facts(live, task)["summary"] or {}
    return found if found.get("clusters") else {}


def test_the_demo_brings_its_own_server(tmp_path: Path) -> None:
    done = shoal("demo", "--port", "0", "--seconds", "0.5", home=tmp_path / "none", cwd=tmp_path)
    assert done.code == 0, done.err
    assert re.search(r"Open http://127\.0\.0\.1:\d+/app/live/\w+", done.err)
    assert not (tmp_path / "none").exists() or not any((tmp_path / "none").iterdir())
