"""A file that grows: lines as they are appended, also when it is rotated or begun anew."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from shoal.base.errors import InvalidInput
from shoal.live.sources.lines import header_of, rows_of
from shoal.live.sources.source import MOST_ROWS, Batch, Place

LONGEST_LINE = 1 << 20


class Tail:
    """Give the lines of a file as rows: JSON, or values below a header with names (or without).

    A place is the file's inode and the byte after the last line that was read. A file that is replaced
    (rotated) is read to its end first, the new one from its beginning; one that became shorter is read anew.

    Args:
        path: the file; it may come later.
        follow: go on for ever; else end at the end.
        pause: seconds between two looks.
    """

    def __init__(self, path: Path, *, follow: bool = True, pause: float = 0.2) -> None:
        self._path = path
        self._follow = follow
        self._pause = pause
        self._names: Sequence[str] | None = None

    def taken(self, batch: Batch) -> None:
        """Do nothing: the place says all."""

    def batches(self, after: Place) -> Iterator[Batch | None]:
        """Give the lines after a place; raises InvalidInput when there is no file and it will not come."""
        inode, offset = after or (None, 0)
        while True:
            try:
                file = self._path.open("rb")
            except OSError as error:
                if not self._follow or not isinstance(error, FileNotFoundError):
                    raise InvalidInput(f"{self._path}: {error.strerror}.", code="no_such_file") from error
                time.sleep(self._pause)
                yield None
                continue
            with file:
                facts = os.fstat(file.fileno())
                begin = offset if facts.st_ino == inode and facts.st_size >= offset else 0
                yield from self._of_file(file, facts.st_ino, begin)
            if not self._follow:
                return
            inode, offset = None, 0

    def _of_file(self, file: IO[bytes], inode: int, offset: int) -> Iterator[Batch | None]:
        """Give the lines of one open file until it is replaced, or ends and nothing follows."""
        first = file.readline(LONGEST_LINE)
        self._names = header_of(first) if first.endswith(b"\n") or not self._follow else None
        file.seek(max(offset, len(first)) if self._names else offset)
        replaced = False
        while True:
            at = file.tell()
            lines = self._lines(file, whole=self._follow and not replaced)
            if lines:
                yield self._batch(lines, inode, at)
                continue
            if replaced or not self._follow:
                return
            # Looked at once more after it was found to be replaced: nothing is appended then.
            replaced = self._is_replaced(inode, at)
            if not replaced:
                time.sleep(self._pause)
                yield None

    def _lines(self, file: IO[bytes], *, whole: bool) -> list[bytes]:
        """Return the next lines; if they are to be whole, one that is not ended yet is left."""
        lines: list[bytes] = []
        while len(lines) < MOST_ROWS:
            at = file.tell()
            line = file.readline(LONGEST_LINE)
            if not line or (whole and not line.endswith(b"\n") and len(line) < LONGEST_LINE):
                file.seek(at)
                break
            lines.append(line)
        return lines

    def _batch(self, lines: Sequence[bytes], inode: int, at: int) -> Batch:
        rows: list[Any] = []
        left: list[str] = []
        for line in lines:
            if line.strip():
                try:
                    rows += rows_of(line, self._names)
                except ValueError as error:
                    left.append(f"left out, byte {at} of {self._path}: {error}")
            at += len(line)
        return Batch(rows, [inode, at], tuple(left))

    def _is_replaced(self, inode: int, at: int) -> bool:
        try:
            facts = self._path.stat()
        except FileNotFoundError:
            return True
        return facts.st_ino != inode or facts.st_size < at
