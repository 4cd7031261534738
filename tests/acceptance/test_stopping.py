"""A server that is busy with itself is told to stop."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import psutil

from tests.support.server import running_server
from tests.support.waiting import wait_until

HANGS = "import threading\n\nthreading.Event().wait(50)\n"


def test_it_waits_for_neither_compilers_nor_scripts_that_are_read(tmp_path: Path) -> None:
    cache, source = tmp_path / "cache", tmp_path / "slow.py"
    source.write_text(HANGS)
    env = {"SHOAL_CACHE_DIR": str(cache)}
    with running_server(tmp_path / "home", env=env, execution={"scripts": [str(source)]}) as served:
        server = psutil.Process(served.process.pid)

        def compiles_and_reads() -> bool:
            reads = any(str(source) in " ".join(one.cmdline()) for one in server.children())
            return reads and next(cache.rglob("*.nbi"), None) is not None

        wait_until(compiles_and_reads, timeout=120, on_timeout=served.log)
        children = server.children(recursive=True)
        began = time.monotonic()
        assert served.stop() == 0, served.log()
        # Two seconds by a clock on the wall, and what a machine that does much else adds to them.
        assert time.monotonic() - began < 15
        assert psutil.wait_procs(children, timeout=10)[1] == []
    assert all(_is_whole(index) for index in cache.rglob("*.nbi"))


def _is_whole(index: Path) -> bool:
    """Say whether an index of numba's names only code that is there and can be read."""
    with index.open("rb") as file:
        pickle.load(file)
        _, overloads = pickle.loads(file.read())
    return all(pickle.loads((index.parent / name).read_bytes()) for name in overloads.values())
