"""Storage in a folder of this machine."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from shoal.base.errors import InvalidInput, NotFound
from shoal.base.faults import fault_point
from shoal.base.files import durable_file, explained, sync_folder
from shoal.storage.backend import Entry, Stored
from shoal.storage.keys import checked_key

PUT = fault_point("storage.put", "A file is whole in the file storage.")
DELETE = fault_point("storage.delete", "A file is gone from the file storage.")


class FileStorage:
    """Keep each file at its key below a root folder; links are never followed out of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def put(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Store bytes durably; see `Storage.put`."""
        with self.write(key) as writer:
            for chunk in chunks:
                writer.write(chunk)
        return writer.stored()

    @contextmanager
    def write(self, key: str) -> Iterator[HashingWriter]:
        """Open a file that is stored when the block ends well; see `Storage.write`."""
        path = self._below_root(key)
        self._make_folders(path.parent)
        try:
            with durable_file(PUT, path) as file:
                yield HashingWriter(file)
        except BaseException:
            self._prune(path.parent)
            raise

    def open(self, key: str) -> BinaryIO:
        """Open a stored file for reading."""
        return self.path(key).open("rb")

    def path(self, key: str) -> Path:
        """Return the file's place."""
        path = self._below_root(key)
        if not path.is_file():
            raise NotFound(f"There is no stored file {key}.", key=key)
        return path

    def exists(self, key: str) -> bool:
        """Say whether there is a file under this key."""
        return self._below_root(key).is_file()

    def size(self, key: str) -> int:
        """Return the size in bytes."""
        return self.path(key).stat().st_size

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the files whose keys start with the prefix, in order of their keys."""
        found = (entry for entry in self._walk() if entry.key.startswith(prefix))
        yield from sorted(found, key=lambda entry: entry.key)

    def delete(self, key: str) -> bool:
        """Remove a file durably, and its folder when that is empty now."""
        path = self._below_root(key)
        DELETE.reached("before")
        try:
            path.unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return False
        except OSError as error:
            raise explained(error, path) from error
        sync_folder(path.parent)
        self._prune(path.parent)
        DELETE.reached("after")
        return True

    def sweep(self, before: int) -> int:
        """Remove unfinished files that were last written before a time (microseconds)."""
        drafts = [path for path in self.root.rglob(".*") if path.is_file() and _modified(path) < before]
        for draft in drafts:
            draft.unlink(missing_ok=True)
            self._prune(draft.parent)
        return len(drafts)

    def _below_root(self, key: str) -> Path:
        path = self.root / checked_key(key)
        if path.parent.resolve() != path.parent or path.is_symlink():
            raise InvalidInput(f"{key} leads out of the storage.", key=key)
        return path

    def _make_folders(self, folder: Path) -> None:
        # A new folder's name must be durable too, or a power cut takes the files in it.
        parts = [part for part in (folder, *folder.parents) if not part.is_dir()]
        # Asked again: another writer may have made the folder in between.
        if any(part.exists() and not part.is_dir() for part in parts):
            raise InvalidInput(f"{folder.relative_to(self.root)} is a stored file, not a folder.")
        try:
            for part in reversed(parts):
                part.mkdir(mode=0o700, exist_ok=True)
                sync_folder(part.parent)
        except OSError as error:
            raise explained(error, folder) from error

    def _prune(self, folder: Path) -> None:
        # Only the innermost folder: another write may be about to make a sibling of it.
        if folder != self.root and folder.parent != self.root:
            with suppress(OSError):
                folder.rmdir()

    def _walk(self) -> Iterator[Entry]:
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                with suppress(FileNotFoundError):
                    path = Path(folder, name)
                    facts = path.lstat()
                    if stat.S_ISREG(facts.st_mode) and not name.startswith("."):
                        key = path.relative_to(self.root).as_posix()
                        yield Entry(key, facts.st_size, facts.st_mtime_ns // 1000)


class HashingWriter:
    """Write to a file and keep its size and hash."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self._size = file, hashlib.sha256(), 0

    def write(self, data: bytes, /) -> int:
        """Append bytes, or anything that has them as a buffer."""
        view = memoryview(data)
        self._hash.update(view)
        self._size += view.nbytes
        return self._file.write(view)

    def stored(self) -> Stored:
        """Return the size and the hash of what was written so far."""
        return Stored(self._size, self._hash.hexdigest())


def _modified(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime_ns // 1000
    return 0
