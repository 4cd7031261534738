"""Reading a task's log while it grows."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from shoal.live.log.record import SUFFIX, Chunk, head_at, key_at, rows_at


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

    def read(self, from_row: int, max_rows: int) -> list[Chunk]:
        """Return the records from a row on, whole: the last one may go beyond `max_rows`.

        A record that begins before `from_row` is cut. What is not whole yet is not given.
        """
        chunks: list[Chunk] = []
        n = 0
        for chunk in self._from(from_row):
            chunks.append(chunk)
            n += len(chunk.rows)
            if n >= max_rows:
                break
        return chunks

    def _from(self, row: int) -> Iterator[Chunk]:
        for path, start in self._places(row):
            try:
                with path.open("rb") as file, closing(_mapped(file.fileno())) as data:
                    yield from self._within(path, data, start, row)
            except (FileNotFoundError, ValueError):
                continue  # Dropped just now, or still empty.

    def _places(self, row: int) -> list[tuple[Path, int]]:
        """Return the files to read and from where in each."""
        found = segments(self._folder)
        before = [path for path in found if int(path.stem) <= row]
        start = 0
        if self._at is not None and self._at[0] == row and self._at[1] in found:
            start = self._at[2]
            before = [path for path in before if path <= self._at[1]]
        kept = found[len(before) - 1 :] if before else found
        return [(path, start if n == 0 else 0) for n, path in enumerate(kept)]

    def _within(self, path: Path, data: mmap.mmap, at: int, row: int) -> Iterator[Chunk]:
        with memoryview(data) as view:
            while (head := head_at(view, at)) is not None:
                here, at = at, at + head.size
                if head.end <= row:
                    continue
                rows = rows_at(view, here, head)
                skip = max(0, row - head.first)
                self._at = (head.end, path, at)
                yield Chunk(head.first + skip, rows[skip:], head.at, key_at(view, here, head))


def _mapped(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
