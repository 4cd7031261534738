"""Folders as tar archives, piece by piece: how files go into a container and come out."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from shoal.base.errors import InvalidInput
from shoal.jobs.sandbox.artifacts import Bounds
from shoal.storage.keys import checked_key

ROOT, IN, OUT = "shoal", "shoal/in", "shoal/out"
_PIECE = 1 << 20
_BLOCK = tarfile.BLOCKSIZE


def packed(folder: Path) -> Iterator[bytes]:
    """Give an archive that makes /shoal/in of a folder's files, and /shoal/out, which everybody may fill."""
    for name, mode in ((ROOT, 0o755), (IN, 0o755), (OUT, 0o777)):
        yield _head(name, mode=mode)
    for path in sorted(folder.rglob("*")):
        name = f"{IN}/{path.relative_to(folder)}"
        if path.is_dir():
            yield _head(name, mode=0o755)
        elif path.is_file():
            yield from _file(name, path)
    yield bytes(2 * _BLOCK)


def members(archive: BinaryIO, bounds: Bounds) -> Iterator[tuple[str, BinaryIO]]:
    """Give the plain files of an archive of one folder, by their path below it; each is read before the next.

    Raises:
        InvalidInput: there is a link, a device, a name that cannot be kept, or more than the bounds allow.
    """
    with tarfile.open(fileobj=archive, mode="r|") as tar:
        for member in tar:
            _, _, name = member.name.partition("/")
            if not member.isdir() and (content := _content(tar, member, name, bounds)) is not None:
                yield checked_key(name), content


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, bounds: Bounds) -> BinaryIO | None:
    if not member.isreg():
        raise InvalidInput(
            f"out/{name} is no plain file.", hint="Links and devices are not kept: leave copies."
        )
    bounds.take(member.size)
    return cast("BinaryIO | None", tar.extractfile(member))


def _head(name: str, *, mode: int, size: int | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.mode = mode
    if size is None:
        info.type = tarfile.DIRTYPE
    else:
        info.size = size
    return info.tobuf(tarfile.PAX_FORMAT)


def _file(name: str, path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    yield _head(name, mode=0o644, size=size)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
    yield bytes(-size % _BLOCK)
