"""kill -9 wherever a cluster is built, healed, scaled and destroyed: none leaks, none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crash import Fault, Program, faults, survive

NAME = "tests.support.infra_program:main"
# Where the process that leads machines writes down and asks; it alone dies, or the whole house.
OF_PASSES = ("infra.create", "infra.drop", "infra.look", "infra.clean")
OF_THE_HOUSE = (
    *("infra.build", "infra.heal", "infra.scale", "infra.destroy", "infra.home", "infra.keeper", "jobs.ask"),
)
LATER = (
    *(Fault("infra.create", moment, "process", nth) for moment in ("before", "after") for nth in (3, 4, 5)),
    *(Fault("infra.drop", "after", "process", nth) for nth in (2, 4)),
    *(Fault("jobs.ask", moment, "tree", nth) for moment in ("before", "after") for nth in (3, 6, 9, 12, 16)),
)


def test_a_cluster_lives_well_without_a_fault(tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    assert program.run() == 0, program.output.read_text()


@pytest.mark.parametrize(
    "fault",
    [*faults(OF_PASSES, ("process", "tree")), *faults(OF_THE_HOUSE, ("tree",)), *LATER],
    ids=lambda fault: f"{fault}-{fault.nth}",
)
def test_killed_anywhere_the_machines_are_those_that_are_wanted(fault: Fault, tmp_path: Path) -> None:
    survive(Program(NAME, tmp_path, ""), fault)
