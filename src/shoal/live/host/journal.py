"""The order in which a task took rows and turns, so that a host that was killed is followed exactly.

What a task finds depends on which rows it had at which turn, and that depends on the clock. So each piece
of rows, and each look at the clusters, is noted here before it happens, with the turn at which it does. The
notes need no sync: the system keeps what a killed process wrote. After a power failure the last ones may be
gone, and then the task goes on from there as if it had been slower.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

_NOTE = struct.Struct("<QQI")
_SUM = struct.Struct("<I")
_SIZE = _NOTE.size + _SUM.size
ROWS, LOOK = 1, 2


class Note(NamedTuple):
    """At `turn`: rows up to `row` were taken (ROWS), or the clusters were looked at (LOOK)."""

    turn: int
    row: int
    what: int


class Journal:
    """Append notes to a file. Where the disk is full there are none: a task does not end for that."""

    def __init__(self, path: Path) -> None:
        self._file: int | None = None
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def add(self, note: Note) -> None:
        """Append a note."""
        body = _NOTE.pack(*note)
        if self._file is not None:
            with suppress(OSError):
                os.write(self._file, body + _SUM.pack(crc32(body)))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def notes(path: Path) -> Iterator[Note]:
    """Yield the notes of a file up to the first that is torn; none when there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for at in range(0, len(content) - _SIZE + 1, _SIZE):
        body = content[at : at + _NOTE.size]
        if _SUM.unpack_from(content, at + _NOTE.size)[0] != crc32(body):
            return
        yield Note(*_NOTE.unpack(body))
