"""A process beside a worker that outlives it, and removes the containers that it left.

However a worker dies, the pipe between the two closes. Only when both are killed at once do containers stay:
until the next one of this machine, or the server's next start.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress

from shoal.base.errors import ShoalError
from shoal.base.process import is_alive, process_label
from shoal.jobs.containers import leftovers
from shoal.jobs.containers.engine import Engine

_watched: dict[str, subprocess.Popen[bytes]] = {}
_DYING = 30.0  # seconds that a worker whose files are closed already may take to be gone


def watch(engine: Engine) -> None:
    """Let this process have a reaper at an engine, from its first container on."""
    if engine.path not in _watched:
        command = [sys.executable, "-P", "-m", __name__, engine.path, process_label()]
        _watched[engine.path] = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def main(path: str, label: str) -> None:
    """Wait until the worker with this label is dead, then remove what it left."""
    sys.stdin.buffer.read()
    until = time.monotonic() + _DYING
    while is_alive(label) and time.monotonic() < until:
        time.sleep(0.01)
    with suppress(ShoalError):
        leftovers.remove_orphans(Engine(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
