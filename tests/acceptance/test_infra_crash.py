"""kill -9 wherever a cluster is built, healed, scaled and destroyed: none leaks, none is lost.

In `tests/laws/test_infra_passes.py` a pass dies at every change and call, where time costs nothing; here real
processes do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crash import Fault, Program, faults, survive

NAME = "tests.support.infra_program:main"
# Where the process that leads machines calls a provider; it alone dies, or the whole house.
OF_PASSES = ("infra.create", "infra.drop", "infra.look", "infra.clean")
OF_THE_HOUSE = ("infra.build", "infra.heal", "infra.scale", "infra.destroy", "infra.home", "infra.keeper")
ONCE = (
    *(Fault(point, "before", "process") for point in ("infra.create", "infra.drop")),
    *(Fault(point, "after", "tree") for point in ("infra.create", "infra.drop", "infra.clean")),
    *(
        Fault(point, "after", "tree")
        for point in ("infra.build", "infra.heal", "infra.scale", "infra.destroy")
    ),
    Fault("jobs.ask", "after", "tree", 5),
)
ALL = (
    *faults(OF_PASSES, ("process", "tree")),
    *faults(OF_THE_HOUSE, ("tree", "others")),
    *(Fault("infra.create", moment, "process", nth) for moment in ("before", "after") for nth in (3, 4, 5)),
    *(Fault("infra.drop", "after", "process", nth) for nth in (2, 4)),
    *(Fault("jobs.ask", moment, "tree", nth) for moment in ("before", "after") for nth in (1, 2, 4, 8, 12)),
)


def name(fault: Fault) -> str:
    return f"{fault}-{fault.nth}"


def test_a_cluster_lives_well_without_a_fault(tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    assert program.run() == 0, program.output.read_text()


@pytest.mark.parametrize("fault", ONCE, ids=name)
def test_killed_there_the_machines_are_those_that_are_wanted(fault: Fault, tmp_path: Path) -> None:
    survive(Program(NAME, tmp_path, ""), fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [fault for fault in ALL if fault not in ONCE], ids=name)
def test_killed_anywhere_else_they_are_too(fault: Fault, tmp_path: Path) -> None:
    survive(Program(NAME, tmp_path, ""), fault)
