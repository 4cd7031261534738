"""Compiled kernels are kept by one writer, in a folder of their version."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.clustering.kernels.cache import KEPT, kernel_version, prune

Run = Callable[..., "subprocess.CompletedProcess[str]"]

KERNEL = """
from shoal.clustering.kernels.jit import compiled_count, kernel

@kernel
def double(value: float) -> float:
    return 2.0 * value

assert double(4.0) == 8.0
print(compiled_count())
"""

FORKED = """
import os
from shoal.clustering.kernels.jit import compiled_count, kernel

@kernel
def half(value: float) -> float:
    return value / 2.0

child = os.fork()
if child == 0:
    os._exit(0 if half(4.0) == 2.0 and compiled_count() == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
"""

WARM_CHILD = """
import os
import numpy as np
from shoal.clustering.kernels.jit import compiled_count
from shoal.clustering.warm import warm
from shoal.clustering import KMeans
warm()
before = compiled_count()
child = os.fork()
if child == 0:
    KMeans(3, random_state=0).fit(np.random.default_rng(0).normal(size=(500, 4)))
    os._exit(0 if compiled_count() == before else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a script in a process of its own."""

    def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "script.py"
        path.write_text(script)
        values = os.environ | environment
        values["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        command = [sys.executable, "-W", "error", str(path)]
        return subprocess.run(command, env=values, text=True, capture_output=True, timeout=250, check=True)

    return run


def test_a_kernel_is_compiled_once_and_then_loaded(run: Run, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run(KERNEL, SHOAL_CACHE_DIR=str(cache)).stdout == "1\n"
    assert run(KERNEL, SHOAL_CACHE_DIR=str(cache)).stdout == "0\n"
    assert list((cache / "kernels" / kernel_version()).rglob("*.nbc"))


def test_the_folder_follows_the_xdg_setting(run: Run, tmp_path: Path) -> None:
    run(KERNEL, SHOAL_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path / "xdg"))
    assert list((tmp_path / "xdg" / "shoal" / "kernels").rglob("*.nbi"))


def test_where_nothing_can_be_written_a_temporary_folder_serves(run: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    assert run(KERNEL, SHOAL_CACHE_DIR=str(blocked / "cache"), TMPDIR=str(temporary)).stdout == "1\n"
    assert list(temporary.rglob("*.nbi"))


def test_a_forked_child_keeps_nothing(run: Run, tmp_path: Path) -> None:
    run(FORKED, SHOAL_CACHE_DIR=str(tmp_path / "cache"))
    assert not list((tmp_path / "cache").rglob("*.nbi"))


def test_importing_the_package_does_not_import_the_compiler(run: Run) -> None:
    run("import sys, shoal, shoal.clustering\nassert not {'numba', 'sklearn', 'scipy'} & set(sys.modules)")


def test_a_child_of_a_warm_parent_compiles_nothing(run: Run) -> None:
    run(WARM_CHILD)


def test_warming_twice_says_nothing_the_second_time(run: Run) -> None:
    run("from shoal.clustering.warm import main\nmain()")
    assert run("from shoal.clustering.warm import main\nmain()").stdout == ""


def test_folders_of_other_versions_go_when_nobody_has_used_them_for_long(tmp_path: Path) -> None:
    long_ago = time.time() - KEPT - 60
    for name in ("mine", "old", "held", "recent", "before-locks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.nbc").write_bytes(b"code")
        if name != "before-locks":
            (tmp_path / name / "used").touch()
            os.utime(tmp_path / name / "used", None if name == "recent" else (long_ago, long_ago))
        os.utime(tmp_path / name, (long_ago, long_ago))
    with (tmp_path / "held" / "used").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        prune(tmp_path, keep="mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["held", "mine", "recent"]


def test_a_new_version_deletes_what_is_left_of_an_old_one(tmp_path: Path, run: Run) -> None:
    old = tmp_path / "kernels" / "0123456789abcdef"
    old.mkdir(parents=True)
    os.utime(old, (1, 1))
    run(KERNEL, SHOAL_CACHE_DIR=str(tmp_path))
    assert [path.name for path in old.parent.iterdir()] == [kernel_version()]
    assert (old.parent / kernel_version() / "used").exists()
