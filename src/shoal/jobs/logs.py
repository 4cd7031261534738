"""Logs of attempts: one file each, below the home's `logs`, never rows."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from shoal.base.faults import fault_point

LIMIT = 50 * 1024 * 1024
WRITE = fault_point("jobs.log", "Lines of an attempt's log reach its file.")
_PER_FOLDER = 1000


class Piece(NamedTuple):
    """A part of a log and the offset from which to read on."""

    content: bytes
    next: int


def log_key(job: int, generation: int, attempt: int) -> str:
    """Return the path of an attempt's log below the folder of logs."""
    return f"{job // _PER_FOLDER}/{job}.{generation}.{attempt}.log"


def read(folder: Path, key: str, offset: int = 0, size: int = 1 << 20) -> Piece:
    """Return a part of a log; empty when there is none, or no more yet."""
    with suppress(FileNotFoundError), (folder / key).open("rb") as file:
        file.seek(offset)
        content = file.read(size)
        return Piece(content, offset + len(content))
    return Piece(b"", offset)


class AttemptLog:
    """Append to one attempt's file, which is made with its first line and capped.

    A full disk costs lines, not the job. What is appended is safe from the
    death of every process at once, but it is not synced to the disk.
    """

    def __init__(self, folder: Path, key: str, limit: int = LIMIT) -> None:
        self._folder = folder
        self._key = key
        self._left = limit
        self._limit = limit
        self._file: int | None = None

    @property
    def key(self) -> str | None:
        """Return the path below the folder, None while there is no file."""
        return self._key if self._file is not None else None

    def append(self, content: bytes, stream: str = "s") -> None:
        """Add bytes; over the limit, say so once and keep no more."""
        if self._left <= 0:
            return
        kept, self._left = content[: self._left], self._left - len(content)
        if self._left <= 0:
            size = f"{self._limit / (1024 * 1024):g} MB"
            kept += f"\n[shoal: this log reached {size}; what follows is not kept]\n".encode()
        with suppress(OSError):
            self._write(kept)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
        self._left = 0

    def _write(self, content: bytes) -> None:
        WRITE.reached("before")
        if self._file is None:
            path = self._folder / self._key
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        while content:
            content = content[os.write(self._file, content) :]
        WRITE.reached("after")
