"""Containers whose worker is dead: nobody waits for them, so they are removed.

Each container carries a label with its worker's process: the machine's boot, its process namespace, its id
and its start, which together never come twice. So whether an attempt is over can be told here, without asking
the database, and a worker that lives keeps its container.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from shoal.base.errors import ShoalError
from shoal.jobs.containers import finding
from shoal.jobs.containers.container import Container
from shoal.jobs.containers.creation import HOME, JOB, PROCESS
from shoal.jobs.containers.engine import Engine

Labels = Mapping[str, str]
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def home_label(nest: str) -> str:
    """Return what marks the containers of one home on one machine; `nest` is where its jobs work."""
    return hashlib.sha256(f"{socket.gethostname()}:{nest}".encode()).hexdigest()[:16]


def process_label() -> str:
    """Return what marks the containers of this process."""
    return f"{_space()}/{os.getpid()}/{_birth(os.getpid())}"


def remove_before(engine: Engine, labels: Labels) -> None:
    """Remove what nobody waits for any more, before a container with these labels is made.

    That is what dead workers of this machine left, and what this worker (which runs one job at a time) or an
    earlier attempt at the job left at an engine that was gone for a while.
    """

    def is_over(found: Labels) -> bool:
        same_job = all(found.get(name) == labels[name] for name in (HOME, JOB))
        return same_job or found.get(PROCESS) == labels[PROCESS] or _is_dead(found)

    _remove(engine, PROCESS, is_over)


def remove_orphans(engine: Engine) -> None:
    """Remove the containers of workers of this machine that are dead."""
    _remove(engine, PROCESS, _is_dead)


def clear(configured: str | None, nest: str) -> None:
    """Remove what a home's earlier life left at its engine; workers of this life keep what is theirs."""
    with suppress(ShoalError):
        label = f"{HOME}={home_label(nest)}"
        _remove(finding.find(configured), label, lambda found: not is_alive(found.get(PROCESS, "")))


def _remove(engine: Engine, label: str, is_over: Callable[[Labels], bool]) -> None:
    found = engine.get("/containers/json", all=True, filters={"label": [label]})
    for each in found:
        if is_over(each["Labels"]):
            Container(engine, each["Id"]).remove()


def _is_dead(labels: Labels) -> bool:
    label = labels.get(PROCESS, "")
    return label.startswith(f"{_space()}/") and not is_alive(label)


def is_alive(label: str) -> bool:
    """Say whether the process with a label lives; one of another machine or namespace does not."""
    space, pid, birth = [*label.rsplit("/", 2), "", ""][:3]
    if space != _space() or not pid.isdecimal():
        return False
    try:
        return _birth(int(pid)) == birth
    except PermissionError:
        return True


def _space() -> str:
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return socket.gethostname()


def _birth(pid: int) -> str:
    """Return a process's start in ticks since boot, or nothing when it is dead; raises PermissionError."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state in "ZX" else rest[18]
    except (FileNotFoundError, ProcessLookupError):
        return ""
