"""What SQLite's errors mean to the person who meets them."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import StatementError

from shoal.base.errors import Forbidden, InvalidInput, ShoalError, StorageFull, Unavailable

_FULL, _READONLY, _IOERR, _CANTOPEN, _BUSY, _PERM, _CORRUPT, _NOTADB = 13, 8, 10, 14, 5, 3, 11, 26
_ROOM_NEEDED = 1 << 20


def explained(error: BaseException, path: Path) -> BaseException:
    """Return an error that says what to do about a disk or a file, else the error itself."""
    cause = error.orig if isinstance(error, StatementError) else error
    if isinstance(cause, ShoalError):
        return cause
    if isinstance(cause, OverflowError):
        return InvalidInput("A number is too large to be kept.")
    code = getattr(cause, "sqlite_errorcode", None)
    if not isinstance(cause, sqlite3.Error) or code is None:
        return error
    match int(code) & 0xFF:
        case kind if kind == _FULL or (kind in (_IOERR, _CANTOPEN) and _no_room(path)):
            return StorageFull(
                f"The disk is full: {path.parent} has no room.", hint="Free some space and try again."
            )
        case kind if kind in (_READONLY, _CANTOPEN, _PERM):
            return Forbidden(f"{path} cannot be written.", hint="Choose another folder or change its rights.")
        case kind if kind == _BUSY:
            return Unavailable(f"{path} is in use by another process.", hint="Stop it, or use its server.")
        case kind if kind in (_CORRUPT, _NOTADB):
            return Unavailable(f"{path} is damaged or no database.", hint="Restore it from a backup.")
        case kind if kind == _IOERR:
            return Unavailable(f"The disk under {path} reports an error: {cause}.", hint="Check the disk.")
    return error


def _no_room(path: Path) -> bool:
    try:
        room = os.statvfs(path.parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < _ROOM_NEEDED
