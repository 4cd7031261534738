"""Whether a program that a job runs is at the other end of a connection (Linux).

Such programs may run as the server's own user, so the user alone does not tell them from the owner. But they
descend from this process: a launcher adopts what they leave behind, so none can leave the family. A socket is
the owner's when a process outside the family holds it; what cannot be found out counts against the caller.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from shoal.jobs.sandbox.family import children, descendants
from shoal.server.guard.peers import Address, peer_socket

_LAUNCHER = b"shoal.jobs.sandbox.launcher"


class Caller(NamedTuple):
    """Who calls: a user of this machine (None: nobody that lives), and whether a job's program does."""

    uid: int | None
    is_program: bool


def by_tcp(peer: Address, server: Address) -> Caller:
    """Return who is at the other end of a TCP connection."""
    # Asked first: a program that ends after this leaves a closed socket, which belongs to nobody.
    are_programs = programs_run()
    found = peer_socket(peer, server)
    if found is None:
        return Caller(None, False)
    return Caller(found.uid, are_programs and not is_held_outside(found.inode))


def by_unix(pid: int) -> Caller:
    """Return who connected to a Unix socket; the rights of its folder have decided about the user."""
    return Caller(os.geteuid(), programs_run() and _is_below_us(pid))


def programs_run() -> bool:
    """Say whether a launcher of this server has started anything that still lives."""
    return any(children(pid) for pid in descendants(os.getpid()) if _LAUNCHER in _words(pid))


def is_held_outside(inode: int) -> bool:
    """Say whether a process that is not below this one holds a socket."""
    link = f"socket:[{inode}]"
    return any(link in _descriptors(pid) and not _is_below_us(pid) for pid in _newest_first())


def _newest_first() -> list[int]:
    # Who calls has often just been started.
    names = (entry.name for entry in Path("/proc").iterdir())
    return sorted((int(name) for name in names if name.isdigit()), reverse=True)


def _descriptors(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                yield str(entry.readlink())


def _is_below_us(pid: int) -> bool:
    us = os.getpid()
    try:
        while pid not in (0, 1, us):
            if (pid := _parent(pid)) == us:
                return True
    except OSError:
        return True  # It is gone, or hides.
    return False


def _parent(pid: int) -> int:
    _, _, after = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")
    return int(after.split()[1])


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
