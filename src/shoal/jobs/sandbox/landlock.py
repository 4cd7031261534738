"""Landlock: a process gives up what it may reach of the file system, and whom it may signal, for ever.

Spoken to by system calls, for the C library has no functions for it. Source: the kernel's
Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # The same on every processor.
_VERSION_ONLY, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
# How many rights to files each version knows; the first has thirteen.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NEWEST_RIGHTS = 16
_SCOPED_SINCE = 6
_NO_ABSTRACT_SOCKETS, _NO_SIGNALS = 1, 2
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Return which version the kernel speaks, 0 for none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_ONLY))))


def keeps_signals() -> bool:
    """Say whether the kernel can keep a process from signalling those outside."""
    return version() >= _SCOPED_SINCE


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Leave this process what it may read and execute from, and what it may do everything with.

    The process must not be able to gain privileges (`no_new_privs`).

    Raises:
        OSError: the kernel refused.
    """
    speaks = version()
    every = (1 << _RIGHTS.get(speaks, _NEWEST_RIGHTS)) - 1
    ruleset = _ruleset(speaks, every)
    try:
        for path in readable:
            _allow(ruleset, path, _READING & every)
        for path in writable:
            _allow(ruleset, path, every)
        _checked(_libc.syscall(_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)


def _ruleset(speaks: int, every: int) -> int:
    facts = struct.pack("=Q", every)
    if speaks >= 4:
        facts += struct.pack("=Q", 0)
    if speaks >= _SCOPED_SINCE:
        facts += struct.pack("=Q", _NO_ABSTRACT_SOCKETS | _NO_SIGNALS)
    return _checked(_libc.syscall(_CREATE, facts, ctypes.c_size_t(len(facts)), ctypes.c_uint32(0)))


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # What is not there needs no permission.
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, place)
        _checked(
            _libc.syscall(_ADD, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
        )
    finally:
        os.close(place)


def _checked(answer: int) -> int:
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return answer
