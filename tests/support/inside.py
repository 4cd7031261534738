"""Commands run inside of this process: a tenth of the time that a program of its own takes to start."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from shoal.cli.main import run
from tests.support.command import Ran, environment


def inside(command: Callable[[], int | None], *, cwd: Path, env: Mapping[str, str]) -> Ran:
    """Run a command in a folder, with this environment and no other, and return what it printed and said."""
    out, err, before = io.StringIO(), io.StringIO(), dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    try:
        with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
            code = _ended(command)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return Ran(code, out.getvalue(), err.getvalue())


def shoal_inside(cwd: Path, url: str, *words: object) -> Ran:
    """Run a command of `shoal` that talks to a server."""
    env = environment(cwd / "home") | {"SHOAL_SERVER": url}
    return inside(lambda: run([str(word) for word in words]), cwd=cwd, env=env)


def _ended(command: Callable[[], int | None]) -> int:
    try:
        return command() or 0
    except SystemExit as end:  # of argparse, which ends a program that is used wrongly
        return end.code if isinstance(end.code, int) else 1
