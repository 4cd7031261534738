"""kill -9 of a host, of all of them, or of everything, at the moments at which a live task is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.support.live_crash_program as live_crash_program
from tests.support.crash import SCOPES, Fault, Program, faults, survive

NAME = "tests.support.live_crash_program:main"
ALWAYS = [
    Fault("live.rows", "before", "others", 12),
    Fault("live.checkpoint", "before", "process", 4),
    Fault("live.checkpoint", "after", "tree", 4),
    Fault("live.ended", "before", "others"),
    Fault("live.ended", "after", "process"),
]
POINTS = (
    "live.rows",
    "live.checkpoint",
    "live.summary",
    "live.ended",
    "live.act",
    "live.event",
    "live.count",
)
OTHERS = [fault for fault in faults(POINTS, SCOPES) if str(fault) not in {str(one) for one in ALWAYS}]


@pytest.mark.parametrize(
    "fault", [*ALWAYS, *(pytest.param(one, marks=pytest.mark.slow) for one in OTHERS)], ids=str
)
def test_killed_at_a_moment_at_which_something_is_kept_tasks_are_as_if_nothing_was(
    tmp_path: Path, fault: Fault
) -> None:
    survive(Program(NAME, tmp_path, ""), fault)
    live_crash_program.verify(tmp_path)
