"""The files that jobs read, fetched once to the node and kept while there is room."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shoal.base.errors import NotFound, Unavailable
from shoal.base.faults import fault_point
from shoal.jobs.nodes.line import Line
from shoal.jobs.nodes.patience import Patience
from shoal.jobs.nodes.tags import mark, size_of, tag_of
from shoal.storage.files import FileStorage

FETCHED = fault_point("nodes.fetch", "A file that a job reads is on the node.")
CACHE_BYTES = 20 << 30


class Input(NamedTuple):
    """A file that a job reads; the server has none when there is no tag."""

    key: str
    tag: str | None


class InputCache:
    """Fetch files under their own keys into a folder of the node; may be used by several threads."""

    def __init__(self, line: Line, root: Path, limit: int = CACHE_BYTES) -> None:
        self.files = FileStorage(root)
        self._line = line
        self._limit = limit
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._kept: Counter[str] = Counter()

    def lacks(self, inputs: Sequence[Input]) -> bool:
        """Say whether a file has to be fetched first."""
        return any(tag_of(self.files, one.key) != one.tag or one.tag is None for one in inputs)

    def keep(self, beginnings: Sequence[str]) -> None:
        """Remove no file whose key begins so, until `release`."""
        self._kept.update(beginnings)

    def release(self, beginnings: Sequence[str]) -> None:
        """Let files be removed that `keep` was asked for."""
        self._kept.subtract(beginnings)
        self._kept += Counter()  # Without those that nobody asks for any more.

    def fetch(self, attempt: str, inputs: Sequence[Input], patience: Patience) -> None:
        """Bring the files that an attempt reads; a broken network is waited for.

        Raises:
            NotFound: the server has no such file any more.
            StorageFull: this machine's disk has no room.
            Unavailable: `patience` has ended.
        """
        for key, tag in inputs:
            if tag is None:
                raise NotFound(f"The server has no stored file {key}.", key=key)
            with self._locks[key]:
                if tag_of(self.files, key) != tag:
                    self._make_room(size_of(tag))
                    self._download(attempt, key, size_of(tag), patience)
                mark(self.files.path(key), tag)

    def _download(self, attempt: str, key: str, size: int, patience: Patience) -> None:
        FETCHED.reached("before")
        with self.files.write(key) as writer:
            while (offset := writer.stored().size) < size:
                try:
                    for piece in self._line.get("inputs", attempt, {"key": key}, offset):
                        writer.write(piece)
                except Unavailable as error:
                    patience.pause(error)
        FETCHED.reached("after")

    def _make_room(self, size: int) -> None:
        """Remove what was not read for longest, until a file of a size is within the limit."""
        entries = sorted(self.files.list(), key=lambda entry: self._last_use(entry.key))
        total = sum(entry.size for entry in entries) + size
        for entry in entries:
            if total <= self._limit:
                return
            if not entry.key.startswith(tuple(self._kept)) and self.files.delete(entry.key):
                total -= entry.size

    def _last_use(self, key: str) -> int:
        try:
            return self.files.path(key).stat().st_atime_ns
        except (NotFound, FileNotFoundError):
            return 0
