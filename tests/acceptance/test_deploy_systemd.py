"""The units for systemd: verified and closed, and the server lives with what its unit allows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import ROOT, SHOAL
from tests.support.components import find_program, require_component

pytestmark = pytest.mark.real
UNITS = ROOT / "deploy" / "systemd"
MOST_EXPOSED = 2.0


@pytest.fixture(params=["shoal.service", "shoal-worker.service"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a shipped unit with the one change that the program lies elsewhere here."""
    text = (UNITS / request.param).read_text()
    assert "ExecStart=/opt/shoal/bin/shoal " in text
    changed = tmp_path / str(request.param)
    changed.write_text(text.replace("/opt/shoal/bin/shoal", SHOAL))
    return changed


def analyzed(*words: object) -> subprocess.CompletedProcess[str]:
    program = find_program("systemd-analyze")
    found = require_component("systemd-analyze", program, "apt-get install systemd")
    return subprocess.run([str(found), *map(str, words)], capture_output=True, text=True, timeout=60)


def test_the_unit_is_verified(unit: Path) -> None:
    done = analyzed("verify", "--man=no", unit)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_a_fault_in_the_unit_would_be_seen(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("PrivateTmp=yes", "PrivateTemp=yes"))
    assert "PrivateTemp" in analyzed("verify", "--man=no", unit).stderr


def test_the_unit_is_closed(unit: Path) -> None:
    done = analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", unit)
    assert done.returncode == 0, done.stdout.splitlines()[-2:]


def test_there_is_no_unit_for_what_does_not_run_yet() -> None:
    assert {path.name for path in UNITS.iterdir()} == {"shoal.service", "shoal-worker.service"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="apt-get install strace")
def test_a_study_needs_no_call_that_the_unit_forbids(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    words = [SHOAL, "study", "run", str(ROOT / "examples" / "penguins.csv"), "--preset", "quick"]
    traced = ["strace", "--follow-forks", "--seccomp-bpf", "--quiet=all", "--output", str(log), *words]
    done = subprocess.run(
        [*traced, "--home", str(tmp_path / "home"), "--out", str(tmp_path / "study")],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    used = {name for line in log.read_text().splitlines() if (name := called(line))}
    assert {"openat", "mmap", "futex"} <= used
    assert sorted(used - allowed()) == []


def called(line: str) -> str:
    """Return the name of the system call in a line like `123 openat(AT_FDCWD, ...`."""
    _, _, rest = line.partition(" ")
    name, bracket, _ = rest.strip().partition("(")
    return name if bracket and name.isidentifier() else ""


def allowed() -> set[str]:
    """Return the calls that the unit allows, as systemd on this machine lists its groups."""
    lines = (UNITS / "shoal.service").read_text().splitlines()
    (groups,) = [line.partition("=")[2].split() for line in lines if line.startswith("SystemCallFilter=")]
    return set().union(*map(names_of, groups))


def names_of(group: str) -> set[str]:
    listed = [line.split("#")[0].strip() for line in analyzed("syscall-filter", group).stdout.splitlines()]
    entries = [entry for entry in listed[1:] if entry]
    nested = [names_of(entry) for entry in entries if entry.startswith("@")]
    return set(entries).union(*nested)
