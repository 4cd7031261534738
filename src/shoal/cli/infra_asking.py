"""Asking before machines go."""

from __future__ import annotations

import sys

import typer

from shoal.base.errors import Conflict
from shoal.studies.wording import counted


def sure(does: str, machines: int, *, yes: bool) -> None:
    """Ask whether so many machines shall go.

    Raises:
        Conflict: there is nobody to ask, and `--yes` was not said.
        Abort: the answer is no.
    """
    if yes or not machines:
        return
    words = f"This {does} {counted(machines, 'machine')}."
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Conflict(words, hint="Add --yes, or run it in a terminal.")
    typer.confirm(f"{words} Go on?", err=True, abort=True)
