"""The port behind which bytes are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: its size in bytes and its SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored file: its key, its size in bytes, and when it was written (microseconds, UTC)."""

    key: str
    size: int
    modified: int


class Writer(Protocol):
    """What a `Storage.write` block writes to."""

    def write(self, data: bytes, /) -> int:
        """Append bytes."""

    def stored(self) -> Stored:
        """Return the size and the hash of what was written so far."""


class Storage(Protocol):
    """Keep bytes under keys: relative POSIX paths of plain parts (see `keys.checked_key`).

    A file is whole and durable under its key, or it is not there. Every method raises `InvalidInput` for a
    key that would leave the root. `tests/laws/test_storage.py` holds the laws that every backend obeys.
    """

    def put(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Store bytes durably, replacing what was there.

        Raises:
            StorageFull: there is no room; nothing is changed.
            Forbidden: the storage cannot be written.
        """

    def write(self, key: str) -> AbstractContextManager[Writer]:
        """Open a file that is stored when the block ends well; raises what `put` raises."""

    def open(self, key: str) -> BinaryIO:
        """Open a stored file for reading; it can be sought.

        Raises:
            NotFound: there is none under this key.
        """

    def path(self, key: str) -> Path | None:
        """Return a local file that may be mapped into memory, or None when the bytes are elsewhere.

        Raises:
            NotFound: there is none under this key.
        """

    def exists(self, key: str) -> bool:
        """Say whether there is a file under this key."""

    def size(self, key: str) -> int:
        """Return the size in bytes; raises `NotFound`."""

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the files whose keys start with the prefix, in order of their keys."""

    def delete(self, key: str) -> bool:
        """Remove a file durably; False when there was none."""

    def sweep(self, before: int) -> int:
        """Remove what writes left that died before a time (microseconds); returns how many there were."""
