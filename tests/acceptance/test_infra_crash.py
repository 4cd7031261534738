"""kill -9 wherever a cluster is built, changed, healed, scaled and destroyed: none leaks, none is lost.

In `tests/laws/test_infra_passes.py` a pass dies at every change and call, where time costs nothing; here real
processes do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import psutil
import pytest

import tests.support.infra_life as infra_life
from shoal.base.faults import registered
from tests.support.crash import SCOPES, Fault, Program, Scope, faults, survive
from tests.support.waiting import wait_until

LIFE = "tests.support.infra_life"
WHOLE, SHORT, PROCESSES = f"{LIFE}:main", f"{LIFE}:short", f"{LIFE}:of_processes"
# Points that this life does not come by, each with its reason; all others are on its path.
ELSEWHERE = {
    "infra.forget": "nothing is old enough",
    "infra.glance": "nobody looks and does no more",
    "infra.import": "the definitions come with the bundle",
    "infra.machine_minded": "machines get no variable of ours, so nobody can tell them to die",
    "infra.machine_ordered": "no machine is a process",
    "infra.publish": "simulated machines show no files",
    "infra.run": "simulated machines read their user data",
    "infra.sweep": "nobody looks for strays",
}
OF_JOBS = ("jobs.ask", "jobs.finish", "jobs.lease", "jobs.start")
OF_PROCESSES = ("infra.machine_ordered", "infra.publish", "infra.run")
POINTS = [
    *(name for name in registered() if name.startswith("infra.") and not name.startswith((*ELSEWHERE,))),
    *OF_JOBS,
]
MOMENTS: tuple[Literal["before", "after"], ...] = ("before", "after")
ALWAYS = [
    Fault("infra.create", "after", "process", 2),
    Fault("infra.create", "after", "others", 4),
    Fault("infra.drop", "before", "tree", 2),
    Fault("infra.look", "after", "process", 9),
    Fault("infra.scale", "after", "tree"),
    Fault("jobs.ask", "after", "others", 6),
]
MORE: tuple[tuple[str, Scope, tuple[int, ...]], ...] = (
    ("infra.create", "process", (3, 5, 6, 7)),
    ("infra.drop", "process", (3, 4, 6)),
    ("infra.scale", "tree", (2,)),
    ("jobs.ask", "tree", (3, 6, 9, 12, 15, 20, 30, 40, 50)),
)
LATER = [
    Fault(point, moment, scope, nth) for point, scope, all_ in MORE for moment in MOMENTS for nth in all_
]
SELDOM = [*faults(POINTS, SCOPES), *LATER]


def test_a_cluster_lives_well_without_a_fault(tmp_path: Path) -> None:
    program = Program(WHOLE, tmp_path, "")
    assert program.run() == 0, program.output.read_text()
    infra_life.verify(tmp_path)


@pytest.mark.parametrize("fault", ALWAYS, ids=str)
def test_killed_where_it_matters_most_the_machines_are_those_that_are_wanted(
    fault: Fault, tmp_path: Path
) -> None:
    survive(Program(SHORT, tmp_path, ""), fault)
    infra_life.verify(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("fault", SELDOM, ids=lambda fault: f"{fault}-{fault.nth}")
def test_killed_anywhere_the_machines_are_those_that_are_wanted(fault: Fault, tmp_path: Path) -> None:
    survive(Program(WHOLE, tmp_path, ""), fault)
    infra_life.verify(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("fault", faults(OF_PROCESSES), ids=str)
def test_killed_anywhere_processes_are_those_that_are_wanted(fault: Fault, tmp_path: Path) -> None:
    survive(Program(PROCESSES, tmp_path, ""), fault)
    infra_life.verify(tmp_path)
    wait_until(lambda: not minders(tmp_path), timeout=20, on_timeout=lambda: minders(tmp_path))


def minders(folder: Path) -> list[psutil.Process]:
    """Return the processes that mind machines below a folder."""
    place = f"{folder}/"
    return [each for each in psutil.process_iter(["cmdline"]) if place in str(each.info["cmdline"])]
