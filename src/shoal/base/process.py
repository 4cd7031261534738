"""Processes of this machine by labels that never come twice.

A label has the machine's boot, the namespace of process ids, the id and the start in ticks since the boot. So
whoever reads it later, in whatever process, can tell whether that very process lives.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def process_label() -> str:
    """Return what marks this process."""
    return f"{space()}/{os.getpid()}/{_birth(os.getpid())}"


def is_alive(label: str) -> bool:
    """Say whether the process with a label lives; one of another machine or namespace does not."""
    at, pid, birth = _parts(label)
    if at != space() or not pid.isdecimal():
        return False
    try:
        return _birth(int(pid)) == birth != ""
    except PermissionError:
        return True


def living(label: str) -> int | None:
    """Return the id of the process with a label, None when it does not live."""
    return int(_parts(label)[1]) if is_alive(label) else None


def space() -> str:
    """Return what the labels of all processes begin with that this one can see."""
    try:
        boot = _BOOT.read_text().strip()
        return f"{boot}/{_NAMESPACE.stat().st_ino}"
    except OSError:
        return socket.gethostname()


def _parts(label: str) -> tuple[str, str, str]:
    at, pid, birth = [*label.rsplit("/", 2), "", ""][:3]
    return at, pid, birth


def _birth(pid: int) -> str:
    """Return a process's start in ticks since boot, or nothing when it is dead; raises PermissionError."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state in "ZX" else rest[18]
    except (FileNotFoundError, ProcessLookupError):
        return ""
