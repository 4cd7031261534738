"""What tells whether a copy of a stored file is still the same: its size and when it was written."""

from __future__ import annotations

import os
import time
from pathlib import Path

from shoal.base.errors import NotFound
from shoal.storage.backend import Storage


def tag_of(storage: Storage, key: str) -> str | None:
    """Return the tag of a stored file, None when there is none."""
    try:
        path = storage.path(key)
    except NotFound:
        return None
    return None if path is None else tag_of_path(path)


def tag_of_path(path: Path) -> str:
    """Return the tag of a file."""
    facts = path.stat()
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def mark(path: Path, tag: str) -> None:
    """Give a copy the tag of what it is a copy of; its last use is now."""
    os.utime(path, ns=(time.time_ns(), int(tag.partition("-")[2])))


def size_of(tag: str) -> int:
    """Return the size in bytes that a tag tells."""
    return int(tag.partition("-")[0])
