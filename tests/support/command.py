"""The real command line in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

SHOAL = str(Path(sys.executable).with_name("shoal"))
ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PENGUINS = ROOT / "examples" / "penguins.csv"


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one object on standard output."""
        return orjson.loads(self.out)


def environment(home: Path) -> dict[str, str]:
    """Return an environment without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHOAL_")}
    cache = {"SHOAL_CACHE_DIR": os.environ["SHOAL_CACHE_DIR"]} if "SHOAL_CACHE_DIR" in os.environ else {}
    return kept | cache | {"SHOAL_HOME": str(home), "COLUMNS": "80"}


def shoal(
    *words: object, home: Path, cwd: Path, timeout: float = 120, within: Sequence[str] = (), **env: str
) -> Ran:
    """Run a command to its end; `within` are words before its own, which must become it."""
    done = subprocess.run(
        [*within, SHOAL, *map(str, words)],
        cwd=cwd,
        env=environment(home) | env,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
