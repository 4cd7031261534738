"""kill -9 of everything around wishes for machines: it is as if each was wished once."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.support.infra_wishes as infra_wishes
from tests.support.crash import Fault, Program, faults, survive

NAME = "tests.support.infra_wishes:main"
WISHES = ("infra.import", "infra.update", "infra.mark")


@pytest.mark.parametrize("fault", faults(WISHES, ("tree",)), ids=str)
def test_killed_anywhere_all_is_built_and_nothing_is_left(fault: Fault, tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    survive(program, fault)
    infra_wishes.verify(tmp_path, "")
