"""What an earlier life of a home left running or lying about, ended before the next begins."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from shoal.jobs.sandbox import environment, family, folders

_PATIENCE = 5.0


def end(nest: Path) -> int:
    """Kill every process that works below the nest, remove the folders there, and return how many there were.

    The home must be held: nobody else has business below its nest. Without a nest nothing ever ran.
    """
    if not nest.is_dir():
        return 0
    ended, until = 0, monotonic() + _PATIENCE
    while (found := processes(nest)) and monotonic() < until:
        ended = max(ended, family.signal_all(found, signal.SIGKILL))
        sleep(0.01)
    folders.clean(nest)
    return ended


def processes(nest: Path) -> list[int]:
    """Return the processes whose environment says that they work below the nest."""
    mark = f"\0{environment.FOLDER}={nest}/".encode()
    return [pid for pid in map(_number, Path("/proc").glob("[0-9]*")) if mark in _environment(pid)]


def _number(path: Path) -> int:
    return int(path.name)


def _environment(pid: int) -> bytes:
    with suppress(OSError):
        if _is_dead(pid):
            return b""
        return b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    return b""


def _is_dead(pid: int) -> bool:
    _, _, after = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")
    return pid == os.getpid() or after[:1] in b"ZX"
