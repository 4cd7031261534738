"""The package's front door: one call, loaded when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import shoal

ONLY_LIGHT = """
import sys, shoal
heavy = {"numpy", "numba", "pyarrow", "sklearn", "pandas", "sqlalchemy"} & sys.modules.keys()
assert not heavy, heavy
shoal.study
assert "numpy" in sys.modules
"""


def test_every_public_name_is_there_and_listed() -> None:
    assert all(getattr(shoal, name) is not None for name in shoal.__all__)
    assert dir(shoal) == sorted(shoal.__all__)


def test_the_library_call_is_the_one_of_the_studies() -> None:
    from shoal.studies import notebook

    assert shoal.study is notebook.study
    assert shoal.StudyResult is notebook.StudyResult


def test_importing_the_package_loads_nothing_heavy() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", ONLY_LIGHT], check=True)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'cluster'"):
        _ = shoal.cluster
