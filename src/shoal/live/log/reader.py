"""Reading a task's log while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from shoal.live.log.record import HEAD, SUFFIX, Chunk, Head, head_of, rows_of

_BUFFER = 1 << 20


def segments(folder: Path) -> list[Path]:
    """Return the files of a log, oldest first; each is named for its first row."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())


class Reader:
    """Read the rows of a log; it remembers where it was, so that reading on costs no search."""

    def __init__(self, folder: Path) -> None:
        """Read the log in a folder, which may not be there yet."""
        self._folder = folder
        self._at: tuple[int, Path, int] | None = None  # the next row, its file, and where it begins

    def first(self) -> int:
        """Return the number of the oldest row that is kept."""
        found = segments(self._folder)
        return int(found[0].stem) if found else 0

    def read(self, from_row: int, max_rows: int, end: int | None = None) -> list[Chunk]:
        """Return the records from a row on, whole: the last one may go beyond `max_rows`.

        A record that begins before `from_row` is cut. What begins at row `end` or later, or is not whole yet,
        is not given. The arrays are the caller's own.
        """
        chunks: list[Chunk] = []
        n = 0
        for chunk in self._from(from_row, end):
            chunks.append(chunk)
            n += len(chunk.rows)
            if n >= max_rows:
                break
        return chunks

    def _from(self, row: int, end: int | None) -> Iterator[Chunk]:
        for path, start in self._places(row):
            try:
                file = path.open("rb", _BUFFER)
            except FileNotFoundError:
                continue  # Dropped just now.
            with file:
                file.seek(start)
                yield from self._within(path, file, row, end)

    def _places(self, row: int) -> list[tuple[Path, int]]:
        """Return the files to read and from where in each."""
        found = segments(self._folder)
        if self._at is not None and self._at[0] == row and self._at[1] in found:
            where = found.index(self._at[1])
            return [(self._at[1], self._at[2]), *((path, 0) for path in found[where + 1 :])]
        before = sum(int(path.stem) <= row for path in found)
        return [(path, 0) for path in found[max(0, before - 1) :]]

    def _within(self, path: Path, file: BinaryIO, row: int, end: int | None) -> Iterator[Chunk]:
        while (head := head_of(file.read(HEAD.size))) is not None:
            if end is not None and head.first >= end:
                return
            if head.end <= row:
                file.seek(head.key + head.payload, 1)
                continue
            if (chunk := _chunk(file, head, max(0, row - head.first))) is None:
                return
            self._at = (head.end, path, file.tell())
            yield chunk


def _chunk(file: BinaryIO, head: Head, skip: int) -> Chunk | None:
    """Return what follows a head, without the first rows; None when not all of it is there."""
    key, payload = file.read(head.key), np.empty(head.payload, np.uint8)
    if len(key) < head.key or file.readinto(payload) < head.payload:  # type: ignore[attr-defined]
        return None
    return Chunk(head.first + skip, rows_of(payload, head)[skip:], head.at, key.decode())
