"""Addresses of Unix sockets: paths that a kernel takes."""

from __future__ import annotations

import os
from pathlib import Path

from shoal.base.errors import InvalidSetting

# A socket's address holds 107 bytes on Linux and 103 on macOS.
_LONGEST = 100


def fits(path: Path) -> bool:
    """Say whether a path is short enough to be a socket's address."""
    return len(os.fsencode(path)) <= _LONGEST


def fitting(path: Path) -> Path:
    """Return a path in the folder for temporary files; raises InvalidSetting when that is too long."""
    if not fits(path):
        raise InvalidSetting(
            f"The folder for temporary files is too deep for a socket: {path}.",
            hint="Set TMPDIR to a shorter one, like /tmp.",
        )
    return path
