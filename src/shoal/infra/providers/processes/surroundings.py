"""What all programs of a machine have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from shoal.infra.providers.processes.capped_log import CappedLog


class Surroundings(NamedTuple):
    """Where programs are at home, their variables, what they do before they are programs, and the log."""

    home: Path
    variables: dict[str, str]
    prepare: Callable[[], None]
    log: CappedLog
