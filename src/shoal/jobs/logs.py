"""Logs of attempts: one file each, below the home's `logs`, never rows.

The bytes stand there as they came. Beside each log lies its index: a line `offset length stream microseconds`
for each stretch of one stream, so that a reader can tell stdout from stderr and when it came.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from shoal.base import clock
from shoal.base.faults import fault_point

LIMIT = 50 * 1024 * 1024
STDOUT, STDERR, SAID = "o", "e", "s"
WRITE = fault_point("jobs.log", "Lines of an attempt's log reach its file.")
_PER_FOLDER = 1000
_SLACK = 1 << 16  # bytes for what Shoal itself says in a log that is full
_MERGED = 50_000  # microseconds within which pieces of one stream are one stretch
_STRETCH = "{:014d} {:012d} {} {:016d}\n"  # As long whatever it says: a stretch that grows is written over.
STRETCH_SIZE = len(_STRETCH.format(0, 0, SAID, 0))


class Piece(NamedTuple):
    """A part of a log and the offset from which to read on."""

    content: bytes
    next: int


class Stretch(NamedTuple):
    """Where in a log a stream wrote without another between: bytes, and when it began (microseconds, UTC)."""

    offset: int
    length: int
    stream: str
    at: int


def log_key(job: int, generation: int, attempt: int) -> str:
    """Return the path of an attempt's log below the folder of logs."""
    return f"{job // _PER_FOLDER}/{job}.{generation}.{attempt}.log"


def index_key(key: str) -> str:
    """Return the path of a log's index below the folder of logs."""
    return f"{key}.index"


def read(folder: Path, key: str, offset: int = 0, size: int = 1 << 20) -> Piece:
    """Return a part of a log; empty when there is none, or no more yet."""
    with suppress(FileNotFoundError), (folder / key).open("rb") as file:
        file.seek(offset)
        content = file.read(size)
        return Piece(content, offset + len(content))
    return Piece(b"", offset)


def read_stream(folder: Path, key: str, stream: str, offset: int = 0, size: int = 1 << 20) -> Piece:
    """Return a part of what one stream wrote; offsets count its bytes alone."""
    parts, at, left = [], 0, size
    for stretch in pieces(folder, key):
        if stretch.stream != stream:
            continue
        skipped = min(stretch.length, max(0, offset - at))
        at += stretch.length
        if (wanted := min(left, stretch.length - skipped)) > 0:
            parts.append(read(folder, key, stretch.offset + skipped, wanted).content)
            left -= wanted
        if left <= 0:
            break
    content = b"".join(parts)
    return Piece(content, offset + len(content))


def pieces(folder: Path, key: str, offset: int = 0) -> Iterator[Stretch]:
    """Yield the stretches of a log that end behind an offset; a log without an index is one that we said.

    Of a long index only what is needed is read.
    """
    try:
        with (folder / index_key(key)).open("rb") as index:
            index.seek(_first(index, offset) * STRETCH_SIZE)
            for line in iter(partial(_line, index), b""):
                if (stretch := _stretch(line)).offset + stretch.length > offset:
                    yield stretch
    except FileNotFoundError:
        with suppress(FileNotFoundError):
            facts = (folder / key).stat()
            yield Stretch(0, facts.st_size, SAID, facts.st_mtime_ns // 1000)


def _first(index: BinaryIO, offset: int) -> int:
    """Return the number of the last stretch that begins at an offset or before it."""
    low, high = 0, index.seek(0, os.SEEK_END) // STRETCH_SIZE - 1
    while low < high:
        middle = (low + high + 1) // 2
        index.seek(middle * STRETCH_SIZE)
        low, high = (middle, high) if _stretch(_line(index)).offset <= offset else (low, middle - 1)
    return low


def _line(index: BinaryIO) -> bytes:
    """Return the next line of an index; empty at its end, or where a line is not whole yet."""
    line = index.read(STRETCH_SIZE)
    return line if len(line) == STRETCH_SIZE else b""


def _stretch(line: bytes) -> Stretch:
    offset, length, stream, at = line.split()
    return Stretch(int(offset), int(length), stream.decode(), int(at))


def in_words(size: int) -> str:
    """Return bytes in words, in units of 1024: 50 MB."""
    for power, unit in ((30, "GB"), (20, "MB"), (10, "KB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.4g} {unit}"
    return f"{size} bytes"


def cut_at(limit: int) -> str:
    """Return what is said in a log that is full."""
    return f"Log cut at {in_words(limit)}. The job went on."


def limit_of(spec: Mapping[str, Any]) -> int:
    """Return how many bytes a log may have: more than the runner passes on, which says so itself."""
    limits = spec.get("limits")
    asked = limits.get("output") if isinstance(limits, Mapping) else None
    return max(LIMIT, asked if isinstance(asked, int) else 0) + _SLACK


def remove(folder: Path, key: str) -> None:
    """Remove a log and its index, if they are there."""
    for each in (key, index_key(key)):
        (folder / each).unlink(missing_ok=True)


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
        self._slack = _SLACK
        self._size = 0
        self._file: int | None = None
        self._index: int | None = None
        self._last: Stretch | None = None

    @property
    def key(self) -> str | None:
        """Return the path below the folder, None while there is no file."""
        return self._key if self._file is not None else None

    def append(self, content: bytes, stream: str = SAID) -> None:
        """Add bytes of a stream; over the limit, say so once and keep no more but what we say ourselves."""
        if self._left < 0:
            return self._append_late(content, stream)
        kept, self._left = content[: self._left], self._left - len(content)
        with suppress(OSError):
            if kept:
                self._write(kept, stream)
            if self._left < 0:
                self._write(f"\n{cut_at(self._limit)}\n".encode(), SAID)

    def close(self) -> None:
        """Close the files."""
        for file in (self._file, self._index):
            if file is not None:
                os.close(file)
        self._left = self._slack = -1

    def _append_late(self, content: bytes, stream: str) -> None:
        if stream == SAID and len(content) <= self._slack:
            self._slack -= len(content)
            with suppress(OSError):
                self._write(content, stream)

    def _write(self, content: bytes, stream: str) -> None:
        WRITE.reached("before")
        if self._file is None or self._index is None:
            path = self._folder / self._key
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _opened(path, os.O_APPEND)
            self._index = _opened(self._folder / index_key(self._key))
            self._size = os.lseek(self._file, 0, os.SEEK_END)  # A lease that was given back began it.
        written = 0
        try:
            while written < len(content):
                written += os.write(self._file, content[written:])
        finally:
            self._note(self._index, written, stream)
        WRITE.reached("after")

    def _note(self, index: int, length: int, stream: str) -> None:
        """Write a stretch into the index, or make the last one longer."""
        last, now = self._last, clock.now()
        grows = last is not None and last.stream == stream and now - last.at < _MERGED
        if last is not None and grows:
            stretch = last._replace(length=last.length + length)
        else:
            stretch = Stretch(self._size, length, stream, now)
        line = _STRETCH.format(*stretch).encode()
        place = os.lseek(index, 0, os.SEEK_END) - (STRETCH_SIZE if grows else 0)
        os.pwrite(index, line, place)
        self._size += length
        self._last = stretch


def _opened(path: Path, how: int = 0) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
