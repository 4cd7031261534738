from __future__ import annotations

import subprocess
import sys

import pytest

from shoal.base.errors import NotFound
from shoal.jobs import kinds


def test_a_kind_is_registered_under_one_meaning() -> None:
    kind = kinds.register(kinds.Kind("unit.one", "a.module:function"))
    assert kinds.register(kinds.Kind("unit.one", "a.module:function")) == kind
    assert kinds.get("unit.one") is kinds.registered()["unit.one"]
    with pytest.raises(ValueError, match="twice"):
        kinds.register(kinds.Kind("unit.one", "another.module:function"))


def test_a_kind_names_a_function_in_a_module() -> None:
    with pytest.raises(ValueError, match="module:function"):
        kinds.register(kinds.Kind("unit.two", "no_function"))


def test_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(NotFound):
        kinds.get("unit.none")


def test_the_house_does_not_import_what_only_workers_need() -> None:
    code = (
        "import sys, shoal.jobs.workers.supervisor, shoal.jobs.waiting; "
        "print(sorted({'numba', 'sklearn', 'pandas', 'numpy', 'scipy', 'pyarrow'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
