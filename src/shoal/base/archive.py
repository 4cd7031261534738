"""The archive that a backup is: one file that says what it holds and can be checked.

It is a tar with `database/...`, the files of a home by folder, and last `manifest.json` with the size and
SHA-256 of every member.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import orjson

from shoal.base.errors import InvalidInput, NotFound

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds: when and of what it was made, and size and SHA-256 by member."""

    made: str
    dialect: str
    facts: dict[str, Any]
    members: dict[str, tuple[int, str]] = field(default_factory=dict)
    format: int = FORMAT


def verify(archive: Path) -> Manifest:
    """Return what an archive holds, after reading all of it.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no backup, or not whole, or was changed.
    """
    with reading(archive) as tar:
        seen = {member.name: _digest(tar, member) for member in tar if member.name != MANIFEST}
        manifest = _manifest(tar, archive)
    if seen != manifest.members:
        wrong = sorted(set(seen.items()) ^ set(manifest.members.items()))[0][0]
        raise InvalidInput(f"{archive} is damaged: {wrong} is not what was backed up.")
    return manifest


@contextmanager
def reading(archive: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive; raises NotFound, or InvalidInput when it cannot be read to its end."""
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {archive}.") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidInput(f"{archive} is no whole backup: {error}.") from error


def _manifest(tar: tarfile.TarFile, archive: Path) -> Manifest:
    try:
        raw = orjson.loads(opened(tar, MANIFEST).read())
        members = {name: (size, sha256) for name, (size, sha256) in raw["members"].items()}
        manifest = Manifest(raw["made"], raw["dialect"], raw["facts"], members, raw["format"])
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput(f"{archive} is no whole backup: its manifest cannot be read.") from error
    if manifest.format != FORMAT or any(not is_inside(name) for name in manifest.members):
        raise InvalidInput(f"{archive} was made by another version of Shoal.")
    return manifest


def is_inside(name: str) -> bool:
    """Say whether a member's name leads to a place below a folder of the archive."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and len(path.parts) > 1


def opened(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """Return a member to read; raises KeyError."""
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[int, str]:
    sha256 = hashlib.sha256()
    file = tar.extractfile(member)
    while file is not None and (chunk := file.read(CHUNK)):
        sha256.update(chunk)
    return member.size, sha256.hexdigest()
