"""Whose a home is: several commands at once, a server that holds it, a newer schema, backups."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shoal.base.home import RESTORING
from tests.support.command import PENGUINS, SHOAL, Ran, environment, shoal
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

SMALL = ("--experiments", "2", "--max-k", "3", "--n-init", "2")
LONGER = ("--experiments", "12", "--max-k", "10", "--n-init", "20")
# What differs between two runs of the same study.
OF_THE_RUN = ("id", "seconds", "files")


def numbers(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    return {name: value for name, value in ran.json.items() if name not in OF_THE_RUN}


def begun(home: Path, folder: Path, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [SHOAL, *map(str, words)],
        cwd=folder, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)


def test_two_commands_on_one_home_both_end_well_and_the_second_says_whom_it_waits_for(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    words = ("study", "run", PENGUINS, "--output", "json")
    alone = shoal(*words, *SMALL, home=other, cwd=tmp_path)
    first = begun(home, tmp_path, *words, *LONGER, "--out", "first")
    assert first.stderr is not None
    wait_until(lambda: "Ctrl-C stops" in (first.stderr.readline() if first.stderr else ""))
    second = ended(begun(home, tmp_path, *words, *SMALL, "--out", "second"))
    done = ended(first)
    assert done.code == 0, done.err
    assert done.json["fits"] == 12 * 10 * 6
    assert numbers(second) == numbers(alone)
    said = f"{home} is in use by shoal study run (process {first.pid}). Waiting for it to end."
    assert said in second.err.splitlines()
    assert len(shoal("study", "list", "--output", "json", home=home, cwd=tmp_path).json) == 2


def test_whoever_may_not_wait_is_told_who_has_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = begun(home, tmp_path, "study", "run", PENGUINS, *LONGER)
    assert first.stderr is not None
    wait_until(lambda: "Ctrl-C stops" in (first.stderr.readline() if first.stderr else ""))
    refused = shoal("dataset", "list", home=home, cwd=tmp_path, SHOAL_HOME_WAIT="0")
    assert refused.code == 1
    assert f"error: {home} is in use by shoal study run (process {first.pid})." in refused.err
    first.send_signal(signal.SIGINT)
    assert ended(first).code == 130


def requests(served: Served, method: str, route: str) -> float:
    """Return how many requests a server has answered well on a route."""
    with served.http() as http:
        lines = http.get("/metrics").text.splitlines()
    start = f'shoal_http_requests_total{{method="{method}",route="{route}",status="2'
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


def test_commands_talk_to_the_server_that_holds_the_home_and_say_the_same(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    commands = (
        ("study", "run", PENGUINS, *SMALL, "--output", "json"),
        ("study", "show", "last", "--output", "json"),
    )
    expected = [numbers(shoal(*words, home=alone, cwd=tmp_path)) for words in commands]
    with running_server(tmp_path / "home") as served:
        home = served.home
        assert [numbers(shoal(*words, home=home, cwd=tmp_path)) for words in commands] == expected
        assert requests(served, "POST", "/api/v1/studies") == 1
        listed = shoal("study", "list", "--output", "json", home=home, cwd=tmp_path).json
        assert [study["state"] for study in listed] == ["succeeded"]
        added = shoal("dataset", "add", PENGUINS, "--output", "json", home=home, cwd=tmp_path).json
        assert added["id"] == listed[0]["dataset"]
        assert requests(served, "POST", "/api/v1/datasets") == 2
        assert shoal("backup", "b.tar.gz", home=home, cwd=tmp_path).code == 0
        assert shoal("gc", "--output", "json", home=home, cwd=tmp_path).json["files"] == 0
        assert requests(served, "POST", "/api/v1/backup") == requests(served, "POST", "/api/v1/gc") == 1
        with served.http() as http:
            assert http.get(f"/api/v1/studies/{listed[0]['id']}").json()["state"] == "succeeded"
    assert shoal("study", "show", "last", home=home, cwd=tmp_path).code == 0


def test_a_home_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert shoal("study", "list", home=home, cwd=tmp_path).code == 0
    with sqlite3.connect(home / "shoal.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = (home / "shoal.db").read_bytes()
    for words in (["study", "run", PENGUINS], ["serve", "--port", "0"], ["upgrade"]):
        ran = shoal(*words, home=home, cwd=tmp_path)
        assert (ran.code, ran.out) == (1, "")
        assert "error: The database has schema 9999, which is newer than this Shoal knows" in ran.err
        assert "Install the newest Shoal, or restore a backup from before." in ran.err
    assert (home / "shoal.db").read_bytes() == before


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a backup of a home with a study, and how that home shows the study."""
    folder = tmp_path_factory.mktemp("backed-up")
    home, archive = folder / "home", folder / "b.tar.gz"
    assert shoal("study", "run", PENGUINS, *SMALL, home=home, cwd=folder).code == 0
    assert shoal("backup", archive, home=home, cwd=folder).code == 0
    return archive, shoal("study", "show", "last", "--output", "json", home=home, cwd=folder).out


def test_a_backup_put_back_shows_the_same(backed_up: tuple[Path, str], tmp_path: Path) -> None:
    archive, shown = backed_up
    home = tmp_path / "home"
    ran = shoal("restore", archive, home=home, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert shoal("study", "show", "last", "--output", "json", home=home, cwd=tmp_path).out == shown
    assert shoal("study", "export", "last", "--out", "all", home=home, cwd=tmp_path).code == 0
    assert (tmp_path / "all" / "labels.csv").read_text().count("\n") == 345


def test_a_home_in_use_and_one_that_is_not_empty_take_no_backup(
    backed_up: tuple[Path, str], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert shoal("study", "list", home=home, cwd=tmp_path).code == 0
    (home / "mine").write_text("precious")
    refused = shoal("restore", backed_up[0], home=home, cwd=tmp_path)
    assert (refused.code, refused.err) == (
        1,
        f"error: {home} is not empty.\n  Restore into a new folder.\n",
    )
    assert (home / "mine").read_text() == "precious"
    with running_server(tmp_path / "served") as served:
        refused = shoal("restore", backed_up[0], home=served.home, cwd=tmp_path)
        assert refused.code == 1
        assert f"It serves at {served.url}." in refused.err


@pytest.mark.parametrize(
    "fault",
    ["backup.restored:after:1", "backup.ended:before"],
)
def test_a_restore_that_was_killed_is_never_taken_for_a_whole_home(
    fault: str, backed_up: tuple[Path, str], tmp_path: Path
) -> None:
    archive, shown = backed_up
    home = tmp_path / "home"
    killed = shoal("restore", archive, home=home, cwd=tmp_path, SHOAL_FAULT=fault)
    assert killed.code == -9
    for words in (["study", "list"], ["serve", "--port", "0"]):
        refused = shoal(*words, home=home, cwd=tmp_path)
        assert refused.code == 1
        assert f"error: A backup was put into {home} only in part." in refused.err
    again = shoal("restore", archive, home=home, cwd=tmp_path)
    assert again.code == 0, again.err
    assert not (home / RESTORING).exists()
    assert shoal("study", "show", "last", "--output", "json", home=home, cwd=tmp_path).out == shown


def test_a_damaged_backup_leaves_nothing(backed_up: tuple[Path, str], tmp_path: Path) -> None:
    torn = tmp_path / "torn.tar.gz"
    torn.write_bytes(backed_up[0].read_bytes()[:-3000])
    refused = shoal("restore", torn, home=tmp_path / "home", cwd=tmp_path)
    assert refused.code == 1
    assert refused.err.startswith(f"error: {torn} is ")
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] in (
        [],
        [tmp_path / "home" / "home.lock"],
    )


@pytest.mark.parametrize(("reader", "unbuffered"), [("head -1", "1"), ("true", "")])
def test_a_reader_that_leaves_early_sees_no_traceback(reader: str, unbuffered: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = f"'{SHOAL}' study run '{PENGUINS}' {' '.join(SMALL)} | {reader}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=environment(home) | {"PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "error" not in done.stderr
    assert (tmp_path / "penguins-study" / "labels.csv").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is of Linux")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_cannot_be_written_is_said(unbuffered: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [SHOAL, "study", "list", "--output", "json"],
            cwd=tmp_path,
            env=environment(tmp_path / "home") | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    sentence = f"error: The answer cannot be written: {os.strerror(28)}.\n"
    assert (done.returncode, done.stderr) == (1, sentence)
