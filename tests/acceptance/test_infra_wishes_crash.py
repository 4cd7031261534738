"""kill -9 of everything around each wish for machines: it is as if it was wished once, and none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.support.infra_program as infra_program
from tests.support.crash import Fault, Program, faults, survive

NAME = "tests.support.infra_program:main"
WISHES = ("infra.build", "infra.scale", "infra.update", "infra.mark", "infra.heal", "infra.destroy")
WORKERS = ("infra.create", "infra.drop")


def test_the_program_ends_well_without_a_fault(tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    assert program.run() == 0, program.output.read_text()
    infra_program.verify(tmp_path, "")


@pytest.mark.parametrize("fault", faults(WISHES, ("tree",)) + faults(WORKERS, ("process",)), ids=str)
def test_killed_anywhere_all_is_built_and_nothing_is_left(fault: Fault, tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    survive(program, fault)
    infra_program.verify(tmp_path, "")
