from __future__ import annotations

import tomllib

from shoal.cli.doctor import EXTRAS
from tests.support.command import ROOT


def test_the_doctor_knows_every_extra_that_can_be_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {extra for extra, _ in EXTRAS.values()} == set(project["optional-dependencies"])
