"""A simulated EC2: moto's server, on loopback, in an environment of its own."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.components import find_program, require_component
from tests.support.waiting import wait_until


@contextmanager
def running_moto() -> Iterator[int]:
    """Start moto's server and give its port; stop it by its process id."""
    program = require_component("moto", find_program("moto_server", "/usr/local/bin"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    with tempfile.TemporaryFile() as log:
        words = [str(program), "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(words, cwd=Path(tempfile.gettempdir()), stdout=log, stderr=log)
        try:
            wait_until(lambda: _listens(port), timeout=60)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
