"""A home or an output folder on a disk that is full or read-only: a sentence, exit 1, nothing lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import PENGUINS, SHOAL, environment, shoal
from tests.support.disks import Disk, small_disk
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
SMALL = ("--experiments", "1", "--max-k", "3", "--n-init", "1")
LONG = ("--experiments", "8", "--max-k", "10", "--n-init", "30")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "8m") as made:
        yield made


def named(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_that_is_too_big_for_the_home_is_refused_and_the_home_goes_on(
    disk: Disk, tmp_path: Path
) -> None:
    home, big = disk.path / "home", tmp_path / "big.csv"
    before = shoal("study", "run", PENGUINS, *SMALL, "--output", "json", home=home, cwd=tmp_path).json
    big.write_text("a,b\n" + "".join(f"{row}.25,{row % 7}.5\n" for row in range(900_000)))
    ran = shoal("study", "run", big, *SMALL, home=home, cwd=tmp_path)
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.splitlines()[-2].startswith("error: The disk is full: ")
    assert ran.err.splitlines()[-1] == "  Free some space and try again."
    assert not (tmp_path / "big-study").exists()
    kept = [one["name"] for one in shoal("dataset", "list", "--output", "json", home=home, cwd=tmp_path).json]
    assert kept == ["penguins.csv"]
    after = shoal("study", "show", "last", "--output", "json", home=home, cwd=tmp_path).json
    assert after["best"] == before["best"]
    assert shoal("study", "run", PENGUINS, *SMALL, "--seed", "2", home=home, cwd=tmp_path).code == 0


def test_a_disk_that_fills_while_workers_run_is_said_and_the_study_goes_on_with_room(
    disk: Disk, tmp_path: Path
) -> None:
    home = disk.path / "home"
    first = shoal("study", "run", PENGUINS, *SMALL, "--output", "json", home=home, cwd=tmp_path).json
    with subprocess.Popen(
        [SHOAL, "study", "run", str(PENGUINS), *LONG, "--out", "long"],
        cwd=tmp_path, env=environment(home), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        wait_until(lambda: "Ctrl-C stops" in (process.stderr.readline() if process.stderr else ""))
        ballast = disk.fill()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert out == ""
    assert "error: The disk is full: " in err
    assert "Go on: shoal study watch" in err
    assert "Traceback" not in err
    assert not (tmp_path / "long").exists()
    ballast.unlink()
    disk.remount("size=64m")
    studies = shoal("study", "list", "--output", "json", home=home, cwd=tmp_path).json
    assert [study["state"] for study in studies] == ["running", "succeeded"]
    assert studies[1]["id"] == first["id"]
    done = shoal("study", "watch", "last", "--output", "json", home=home, cwd=tmp_path)
    assert done.code == 0, done.err
    assert (done.json["fits"], done.json["failed"]) == (8 * 10 * 6, 0)


def test_an_output_folder_without_room_gets_nothing(disk: Disk, tmp_path: Path) -> None:
    home, out = tmp_path / "home", disk.path / "out"
    disk.fill()
    ran = shoal("study", "run", PENGUINS, *SMALL, "--out", out, home=home, cwd=tmp_path)
    assert ran.code == 1
    assert ran.err.splitlines()[-2].startswith(f"error: The disk is full: {out} has no room.")
    assert not out.exists()
    saved = shoal("study", "export", "last", "--out", "here", home=home, cwd=tmp_path)
    assert saved.code == 0
    assert named(tmp_path / "here") == {"fits.csv", "labels.csv", "report.html", "study.json"}


def test_a_disk_with_room_for_a_part_of_the_output_gets_nothing_either(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with small_disk(tmp_path / "disk", "36k") as disk:
        ran = shoal("study", "run", PENGUINS, *SMALL, "--out", disk.path / "out", home=home, cwd=tmp_path)
        assert ran.code == 1, ran.err
        assert "error: The disk is full: " in ran.err
        assert named(disk.path) == set()


def test_a_read_only_home_is_said(disk: Disk, tmp_path: Path) -> None:
    home = disk.path / "home"
    assert shoal("study", "run", PENGUINS, *SMALL, home=home, cwd=tmp_path).code == 0
    disk.remount("ro")
    for words in (["study", "run", PENGUINS], ["study", "list"], ["gc"], ["serve", "--port", "0"]):
        ran = shoal(*words, home=home, cwd=tmp_path)
        assert ran.code == 1
        sentence = f"error: {home} cannot be written.\n  Choose another folder with --home DIR.\n"
        assert (ran.out, ran.err) == ("", sentence)
    disk.remount("rw")
    assert shoal("study", "show", "last", home=home, cwd=tmp_path).code == 0


def test_a_read_only_output_folder_is_said(disk: Disk, tmp_path: Path) -> None:
    out = disk.path / "out"
    disk.remount("ro")
    ran = shoal("study", "run", PENGUINS, *SMALL, "--out", out, home=tmp_path / "home", cwd=tmp_path)
    assert ran.code == 1
    assert f"error: {out} cannot be written." in ran.err
