"""Ports that documents name: one test process at a time may serve there."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held_port(port: int) -> Iterator[str]:
    """Give 127.0.0.1:PORT to listen on while the block runs, waiting for other tests of this machine."""
    with (Path(tempfile.gettempdir()) / f"shoal-test-port-{port}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield f"127.0.0.1:{port}"
