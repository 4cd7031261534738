"""A server that speaks MongoDB's protocol; the tests that need it are left out where it is not installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

PROGRAM = "secantusd-py"


@contextmanager
def running_mongodb(folder: Path) -> Iterator[str]:
    """Run a server until the block ends; gives `127.0.0.1:PORT`."""
    program = shutil.which(PROGRAM)
    if program is None:
        pytest.skip(f"{PROGRAM} is not installed (pip install secantusdb, in an environment of its own)")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--storage-path", ":memory:"]
    with (folder / "mongodb.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: _answers(port), timeout=60, on_timeout=(folder / "mongodb.log").read_text)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
