"""What a machine's process writes: kept in a file, with one before it, and never more."""

from __future__ import annotations

import os
from pathlib import Path

MOST = 10 << 20


class CappedLog:
    """Append to a file that is put aside when it has `most` bytes; only the last one aside is kept."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self._path = path
        self._most = most
        self._file = path.open("ab", buffering=0)

    def write(self, content: bytes) -> None:
        """Append; a full disk loses output, not the process."""
        try:
            if self._file.tell() + len(content) > self._most:
                self._turn()
            self._file.write(content)
        except OSError:
            return

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _turn(self) -> None:
        os.replace(self._path, self._path.with_suffix(".log.1"))  # noqa: PTH105
        self._file.close()
        self._file = self._path.open("ab", buffering=0)
