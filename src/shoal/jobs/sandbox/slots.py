"""A number of one's own among all launchers of this machine, and the user that goes with it."""

from __future__ import annotations

import os
import pwd
import socket
from dataclasses import dataclass

# Above what systemd, containers and subordinate ids use, below 2^31.
FIRST_USER = 1_900_000_000
_MOST = 4096


@dataclass(frozen=True, slots=True)
class Slot:
    """A number that nobody else has while this lives; the kernel takes it back from the dead."""

    number: int
    claim: socket.socket

    @property
    def user(self) -> int | None:
        """Return the user that programs run as when we are root; no account has this number."""
        return FIRST_USER + self.number if os.geteuid() == 0 else None


def claim() -> Slot:
    """Take the first number that is free.

    Raises:
        OSError: all are taken.
    """
    for number in range(_MOST):
        taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            taken.bind(f"\0shoal-slot-{number}")
        except OSError:
            taken.close()
            continue
        if not _is_somebody(FIRST_USER + number):
            return Slot(number, taken)
    raise OSError(f"all {_MOST} places for programs are taken")


def _is_somebody(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True
