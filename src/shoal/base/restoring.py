"""Putting a backup back into an empty home."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shoal.base import dumping
from shoal.base.archive import CHUNK, DATABASE, Manifest, opened, reading, verify
from shoal.base.database import Database, open_database
from shoal.base.errors import Conflict, InvalidInput
from shoal.base.faults import fault_point
from shoal.base.files import durable_file, files_below, sync_folder, write_durably
from shoal.base.home import RESTORING

BEGUN = fault_point("backup.begun", "A home is marked as one into which a backup is being put.")
ENDED = fault_point("backup.ended", "A backup is back in its home as a whole.")
RESTORED = fault_point("backup.restored", "A file of a backup is back in its home.")
LOADED = fault_point("backup.loaded", "The rows of a backup are back in the database.")
_OWN = ("home.lock",)
_FOLDERS = ("files", "live", "infra", "logs", "run")


def restore(
    archive: Path, home: Path, migrate: Callable[[Database, str], object], *, url: str | None = None
) -> Manifest:
    """Put a backup into an empty home, and its rows into an empty database.

    `url` is needed for a backup of PostgreSQL; `migrate(database, revision)` makes the tables there. Until
    the end the home is marked (`RESTORING`), so that nobody takes a part for the whole; a marked home counts
    as empty. After an error nothing is left.

    Raises:
        Conflict: the home or the database is not empty.
        InvalidInput: the archive is damaged, or of another kind of database.
    """
    is_marked = (home / RESTORING).exists()
    if not is_marked and any(path.name not in _OWN for path in files_below(home)):
        raise Conflict(f"{home} is not empty.", hint="Restore into a new folder.")
    manifest = verify(archive)
    if (manifest.dialect == "sqlite") != (url is None):
        raise InvalidInput(f"{archive} is a backup of a home on {manifest.dialect}.")
    if url is not None:
        _check_empty(url)
    with _marked(home), reading(archive) as tar:
        for name in manifest.members:
            if not name.startswith(f"{DATABASE}/"):
                _put_back(tar, name, home / name)
        if url is None:
            _put_back(tar, f"{DATABASE}/{dumping.SQLITE_NAME}", home / dumping.SQLITE_NAME)
        else:
            _load(tar, manifest, url, migrate)
    return manifest


def _check_empty(url: str) -> None:
    database = open_database(url)
    try:
        if database.read(dumping.revision) is not None:
            raise Conflict(f"{database.url} is not empty.", hint="Restore into a new database.")
    finally:
        database.close()


@contextmanager
def _marked(home: Path) -> Iterator[None]:
    if (home / RESTORING).exists():
        _clear(home)
    write_durably(BEGUN, home / RESTORING, b"")
    try:
        yield
    except BaseException:
        _clear(home)
        raise
    finally:
        ENDED.reached("before")
        (home / RESTORING).unlink()
        sync_folder(home)
        ENDED.reached("after")


def _clear(home: Path) -> None:
    """Remove what a restore has put into a home that was empty."""
    for name in _FOLDERS:
        shutil.rmtree(home / name, ignore_errors=True)
    for path in home.glob(f"{dumping.SQLITE_NAME}*"):
        path.unlink()


def _put_back(tar: tarfile.TarFile, name: str, path: Path) -> None:
    source = opened(tar, name)
    is_private = not tar.getmember(name).mode & 0o077
    with durable_file(RESTORED, path, private=is_private) as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)


def _load(
    tar: tarfile.TarFile, manifest: Manifest, url: str, migrate: Callable[[Database, str], object]
) -> None:
    database = open_database(url)
    try:
        migrate(database, manifest.facts["revision"])
        names = [name for name in manifest.members if name.startswith(f"{DATABASE}/")]

        def load(conn: Any) -> None:
            files = {name.partition("/")[2]: opened(tar, name) for name in names}
            dumping.load(conn, files, manifest.facts)

        database.write(LOADED, load)
    finally:
        database.close()
