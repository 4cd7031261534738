"""The files that a program leaves in `out/`: looked at as what they are, a stranger's."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from shoal.base.errors import InvalidInput
from shoal.storage.keys import checked_key

MOST = 1000


@dataclass(slots=True)
class Bounds:
    """How many files and bytes may be kept."""

    files: int
    size: int

    def take(self, size: int) -> None:
        """Count one more file; raises InvalidInput."""
        self.files, self.size = self.files - 1, self.size - size
        if self.files < 0:
            raise InvalidInput(
                f"There are more than {MOST:,} files in out/.", hint="Put them into one archive."
            )
        if self.size < 0:
            raise InvalidInput(
                "The files in out/ are larger than a job may write.", hint="See execution.files_size."
            )


def found(out: Path, bounds: Bounds) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the name below `out/` and the open file of each plain file, in order.

    Raises:
        InvalidInput: there is a link, a device, a name that cannot be kept, or more than the bounds allow.
    """
    for name, descriptor in _opened(out, "", bounds):
        with os.fdopen(descriptor, "rb") as file:
            yield name, file


def opened(folder: Path, name: str, bounds: Bounds) -> BinaryIO:
    """Open one plain file of a folder; raises what `found` raises."""
    if not (folder / name).parent.resolve().samefile(folder):
        raise InvalidInput(f"{name[:80]!r} is no file of the job's folder.")
    return os.fdopen(_open(folder / name, name, bounds), "rb")


def _opened(folder: Path, prefix: str, bounds: Bounds) -> Iterator[tuple[str, int]]:
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        name = checked_key(prefix + entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _opened(folder / entry.name, f"{name}/", bounds)
        else:
            yield name, _open(folder / entry.name, name, bounds)


def _open(path: Path, name: str, bounds: Bounds) -> int:
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise InvalidInput(f"{name} is no plain file.", hint="Links and devices are not kept: leave copies.")
    if facts.st_nlink > 1:
        raise InvalidInput(f"{name} has a second name.", hint="Hard links are not kept: leave copies.")
    bounds.take(facts.st_size)
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
