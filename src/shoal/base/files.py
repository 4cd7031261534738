"""Files that are either whole and on the disk, or not there."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from shoal.base.errors import Forbidden, ShoalError, StorageFull
from shoal.base.faults import FaultPoint

# Asking for it means setting it, which is safe only before there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


@contextmanager
def durable_file(point: FaultPoint, path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a new file that replaces `path` when the block ends well, and leaves no trace when it does not.

    The file and its folder are synced before the block's end is reached. A private file is its owner's alone.

    Raises:
        StorageFull: the disk has no room; nothing is left behind.
        Forbidden: the folder cannot be written.
    """
    draft: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            draft = Path(file.name)
            if not private:  # As which tempfile makes it.
                os.fchmod(file.fileno(), 0o666 & ~_UMASK)
            yield file
            file.flush()
            os.fsync(file.fileno())
        point.reached("before")
        draft.replace(path)
        draft = None
        sync_folder(path.parent)
        point.reached("after")
    except OSError as error:
        raise explained(error, path) from error
    finally:
        if draft is not None:
            with suppress(OSError):
                draft.unlink()


def write_durably(point: FaultPoint, path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a whole file durably; raises what `durable_file` raises."""
    with durable_file(point, path, private=private) as file:
        file.write(content)


class GrowingFile:
    """A file that is only added to; what `sync` has returned for is on the disk."""

    def __init__(self, path: Path) -> None:
        """Open a file to add to it, making it and its name durable when it is not there.

        Raises:
            StorageFull, Forbidden: it cannot be made.
        """
        self.path = path
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            is_new = not path.exists()
            self._descriptor = os.open(path, flags, 0o600)
            self.size = self.synced = os.fstat(self._descriptor).st_size
            if is_new:
                sync_folder(path.parent)
        except OSError as error:
            raise explained(error, path) from error

    def write(self, content: bytes) -> None:
        """Add bytes; when there is no room for all of them nothing is added.

        Raises:
            StorageFull, Forbidden: they cannot be written.
        """
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.undo()
            raise explained(error, self.path) from error
        self.size += len(content)

    def sync(self, point: FaultPoint) -> None:
        """Wait until everything is on the disk; raises as `write`, and then what was not is gone."""
        point.reached("before")
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            self.undo()
            raise explained(error, self.path) from error
        self.synced = self.size
        point.reached("after")

    def undo(self) -> None:
        """Take back what was not synced."""
        self.cut(self.synced)

    def cut(self, size: int) -> None:
        """Keep only the first bytes, durably."""
        os.ftruncate(self._descriptor, size)
        os.fsync(self._descriptor)
        self.size = self.synced = size

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def linked(paths: Iterable[Path], folder: Path) -> None:
    """Give files that change no more a name in another folder too, durably; raises StorageFull, Forbidden."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in paths:
            os.link(path, folder / path.name)
        sync_folder(folder)
    except OSError as error:
        raise explained(error, folder) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def explained(error: OSError, path: Path) -> ShoalError | OSError:
    """Return an error that says what to do about a full or read-only disk, else the error itself."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"The disk is full: {path.parent} has no room.", hint="Free some space and try again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Forbidden(
            f"{path.parent} cannot be written.", hint="Choose another folder or change its rights."
        )
    return error


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the finished files below a folder in order; names with a dot in front are drafts."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    return (path for path in paths if path.is_file() and not path.is_symlink() and path.name[0] != ".")
