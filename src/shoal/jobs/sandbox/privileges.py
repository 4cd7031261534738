"""What a process gives up before it becomes somebody else's program."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from pathlib import Path

_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS, _SUBREAPER = 1, 4, 24, 38, 36
_CAPABILITIES_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent dies."""
    _prctl(_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """Be killed when the parent dies, or end at once when it is dead already."""
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGKILL)


def gain_nothing() -> None:
    """Never get more privileges by starting a program."""
    _prctl(_NO_NEW_PRIVS, 1)


def show_nobody(hidden: bool) -> None:
    """Keep processes of the same user from looking into this one's memory, or let them again."""
    _prctl(_DUMPABLE, 0 if hidden else 1)


def become(user: int) -> None:
    """Be another user, who is in no group but his own."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def drop_capabilities() -> None:
    """Give up what makes root more than a user."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for each in range(last + 1):
        _prctl(_CAPBSET_DROP, each)
    header = struct.pack("=Ii", _CAPABILITIES_3, 0)
    if _libc.capset(header, bytes(24)) < 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(what: int, value: int) -> None:
    long = ctypes.c_ulong
    if _libc.prctl(what, long(value), long(0), long(0), long(0)) < 0:
        raise OSError(ctypes.get_errno(), f"prctl {what}")
