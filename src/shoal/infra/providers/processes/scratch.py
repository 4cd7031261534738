"""A machine's folder for temporary files: a short path, for sockets are made there whose names must fit."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from shoal.infra.providers.naming import digest

_BELOW = Path("/tmp")


def made(folder: Path) -> Path:
    """Return the folder for temporary files of the machine in a folder; its home where there can be none."""
    path = _path(folder)
    with suppress(OSError):
        path.mkdir(mode=0o700)
    return path if _is_ours(path) else folder / "home"


def remove(folder: Path) -> None:
    """Remove what a machine has left there."""
    if _is_ours(path := _path(folder)):
        shutil.rmtree(path, ignore_errors=True)


def _path(folder: Path) -> Path:
    """Return a path that is the machine's own, so that it is found again without being written down."""
    return _BELOW / f"shoal-machine-{digest(str(folder))[:16]}"


def _is_ours(path: Path) -> bool:
    """Say whether nobody else has made it, or may look into it: others may make what they like in there."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
