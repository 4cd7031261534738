"""The launcher of this worker: one, started with the first program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.jobs.sandbox.launching import Launching
from shoal.jobs.sandbox.terms import read

_mine: list[Launching] = []


def mine(terms: Mapping[str, Any]) -> Launching:
    """Return this worker's launcher.

    Raises:
        Unavailable: programs cannot be confined as the settings say.
    """
    if not _mine:
        _mine.append(Launching(read(terms)))
    return _mine[0]


def forget() -> None:
    """Start another launcher with the next program: this one is gone."""
    _mine.clear()
