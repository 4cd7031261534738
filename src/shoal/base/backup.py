"""Making a backup: everything in one archive, while it is in use.

The database is copied first: files are written before the rows that name them, so every file that a copied
row names is there to be copied after it.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

import orjson

from shoal.base import clock, dumping
from shoal.base.archive import DATABASE, MANIFEST, Manifest
from shoal.base.database import Database
from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.base.files import durable_file, files_below

MADE = fault_point("backup.made", "A backup is whole.")


def make(
    database: Database,
    folders: Mapping[str, Path],
    target: Path,
    wanted: Callable[[str], bool] = lambda name: True,
) -> Manifest:
    """Write a backup of a database and some folders (name in the archive -> folder) while they are in use.

    A target that ends in .gz is compressed. Files whose names start with a dot are drafts and are left out,
    and those whose names in the archive are not `wanted`.

    Raises:
        Conflict: the target is there already.
        StorageFull, Forbidden: it cannot be written; nothing is left behind.
    """
    if target.exists():
        raise Conflict(f"{target} is there already.", hint="Choose another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as drafts,
        durable_file(MADE, target) as file,
        _writing(file, compressed=target.suffix == ".gz") as tar,
    ):
        facts = dumping.take(database, Path(drafts))
        manifest = Manifest(clock.isoformat(clock.now()), database.dialect, facts)
        for name, folder in {DATABASE: Path(drafts), **folders}.items():
            for path in files_below(folder):
                if wanted(member := f"{name}/{path.relative_to(folder).as_posix()}"):
                    _add(tar, manifest, member, path)
        _finish(tar, manifest)
    return manifest


def _add(tar: tarfile.TarFile, manifest: Manifest, name: str, path: Path) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:  # it was removed since the folder was listed
        return
    with file:
        info = tar.gettarinfo(name, arcname=name, fileobj=file)
        hashing = _Hashing(file)
        tar.addfile(info, hashing)
    manifest.members[name] = (info.size, hashing.sha256.hexdigest())


def _finish(tar: tarfile.TarFile, manifest: Manifest) -> None:
    content = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2)
    info = tarfile.TarInfo(MANIFEST)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


@contextmanager
def _writing(file: IO[bytes], *, compressed: bool) -> Iterator[tarfile.TarFile]:
    with tarfile.open(fileobj=file, mode="w:gz" if compressed else "w", format=tarfile.PAX_FORMAT) as tar:
        yield tar


class _Hashing:
    """A file that remembers the digest of what was read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        chunk = self._file.read(size)
        self.sha256.update(chunk)
        return chunk
