"""Taking up a log after anything has happened to it."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from shoal.base.files import GrowingFile
from shoal.live.log.keys import Keys
from shoal.live.log.reader import segments
from shoal.live.log.record import HEAD, Head, head_of, is_whole


class Found(NamedTuple):
    """What a log holds: its files with their sizes, the next row's number, and its last record's facts."""

    files: list[tuple[Path, int]]
    end: int
    dim: int | None
    last: int | None
    keys: Keys


def take_up(folder: Path) -> Found:
    """Read the newest file of a log, cut a record that was not finished, and return what is there.

    Only what was never acknowledged can be unfinished: older bytes were synced before.

    Raises:
        StorageFull, Forbidden: the log cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys, paths = Keys(folder), segments(folder)
    if not paths:
        return Found([], 0, None, None, keys)
    newest, end, size, head = paths[-1], int(paths[-1].stem), 0, None
    for until, head, key in _records(newest):
        end, size = head.end, until
        if key:
            keys.add(key, head.first, head.rows)
    if newest.stat().st_size > size:
        _cut(newest, size)
    files = [(path, path.stat().st_size) for path in paths]
    head = head or _first_head(paths[:-1])
    return Found(files, end, head.dim if head else None, head.at if head else None, keys)


def _cut(path: Path, size: int) -> None:
    file = GrowingFile(path)
    try:
        file.cut(size)
    finally:
        file.close()


def _records(path: Path) -> Iterator[tuple[int, Head, str]]:
    """Yield where each whole record ends, its head and its key."""
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, closing(_mapped(file.fileno())) as data, memoryview(data) as view:
        at = 0
        while (head := head_of(view[at : at + HEAD.size])) and is_whole(view[at : at + head.size], head):
            key = bytes(view[at + HEAD.size : at + HEAD.size + head.key]).decode()
            at += head.size
            yield at, head, key


def _mapped(descriptor: int) -> mmap.mmap:
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)


def _first_head(paths: list[Path]) -> Head | None:
    if not paths:
        return None
    with paths[-1].open("rb") as file:
        return head_of(file.read(HEAD.size))
