"""What `make` alone and the targets that people start with would do, without doing it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*words: str) -> list[str]:
    done = subprocess.run(
        ["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_make_alone_lists_its_targets() -> None:
    listed = {line.split()[1] for line in make()}
    assert {"install", "serve", "dev", "test", "check", "docker-up"} <= listed


@pytest.mark.parametrize(
    ("target", "locked", "last"),
    [
        ("install", "constraints.txt", "touch"),
        ("start", "constraints.txt", "shoal serve --port 9"),
        ("dev", "constraints-dev.txt", "shoal serve --reload --port 9"),
    ],
)
def test_what_is_missing_is_set_up_first(tmp_path: Path, target: str, locked: str, last: str) -> None:
    steps = make("--dry-run", f"VENV={tmp_path / 'new'}", "ARGS=--port 9", target)
    environment, packages, *_ = steps
    assert environment.startswith("scripts/venv.sh")
    assert packages.startswith(f"scripts/install.sh {tmp_path / 'new'} {locked}")
    assert last in steps[-1]
