"""Containers whose worker is dead: nobody waits for them, so they are removed.

Each container carries a label with its worker's process: the machine's boot, its process namespace, its id
and its start, which together never come twice. So whether an attempt is over can be told here, without asking
the database, and a worker that lives keeps its container.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError
from shoal.jobs.containers.container import Container
from shoal.jobs.containers.creation import HOME, PROCESS
from shoal.jobs.containers.engine import Engine

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def home_label(storage_root: Path) -> str:
    """Return what marks the containers of one home on one machine."""
    return hashlib.sha256(f"{socket.gethostname()}:{storage_root.resolve()}".encode()).hexdigest()[:16]


def process_label() -> str:
    """Return what marks the containers of this process."""
    return f"{_space()}/{os.getpid()}/{_birth(os.getpid())}"


def remove_orphans(engine: Engine) -> int:
    """Remove the containers of workers of this machine that are dead; returns how many."""
    return _remove(engine, {"label": [PROCESS]}, lambda labels: _is_dead(labels.get(PROCESS, "")))


def remove_all(engine: Engine, home: str) -> int:
    """Remove every container of a home; for a server that starts, when none of its workers can live."""
    return _remove(engine, {"label": [f"{HOME}={home}"]}, lambda labels: True)


def _remove(engine: Engine, filters: Mapping[str, Any], is_over: Any) -> int:
    found = engine.get("/containers/json", all=True, filters=filters)
    over = [each["Id"] for each in found if is_over(each["Labels"])]
    for id_ in over:
        with suppress(ShoalError):  # Another worker may be removing it.
            Container(engine, id_).remove()
    return len(over)


def _is_dead(label: str) -> bool:
    space, _, who = label.rpartition("/")[0].rpartition("/")
    birth = label.rpartition("/")[2]
    if space != _space() or not who.isdecimal():
        return False
    try:
        return _birth(int(who)) != birth
    except PermissionError:
        return False


def _space() -> str:
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return socket.gethostname()


def _birth(pid: int) -> str:
    """Return a process's start in ticks since boot, or nothing when it is dead; raises PermissionError."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""
