"""Logs that arrive in pieces: each says where it begins, so that one that comes twice changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from shoal.base.errors import Conflict, TooLarge
from shoal.base.faults import fault_point
from shoal.base.files import explained

KEEP = fault_point("nodes.log", "A piece of the log of a node's attempt reaches its file.")


def keep(folder: Path, key: str, offset: int, content: bytes, limit: int) -> int:
    """Write a piece of a log and return how long the log is now.

    Raises:
        Conflict: what stands before it is missing; `details["size"]` says how much there is.
        TooLarge: the log would be over its limit.
        StorageFull: the disk has no room.
    """
    if not content:
        return 0
    if offset + len(content) > limit:
        raise TooLarge(f"The log would be over its limit of {limit:,} bytes.", limit=limit)
    path = folder / key
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if offset > size:
                raise Conflict(f"The log ends at {size}, before {offset}.", code="log_gap", size=size)
            KEEP.reached("before")
            file.seek(offset)
            file.write(content)
            file.flush()
            KEEP.reached("after")
            return max(size, offset + len(content))
    except OSError as error:
        raise explained(error, path) from error
