"""Backups: everything in one archive that says what it holds and can be checked.

An archive is a tar with `database/...`, the files of a home by folder, and last `manifest.json` with the
size and SHA-256 of every member. The database is copied first: files are written before the rows that name
them, so every file that a copied row names is there to be copied after it.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import orjson

from shoal.base import clock, dumping
from shoal.base.database import Database, open_database
from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.base.faults import fault_point
from shoal.base.files import durable_file, sync_folder, write_durably
from shoal.base.home import RESTORING

MADE = fault_point("backup.made", "A backup is whole.")
BEGUN = fault_point("backup.begun", "A home is marked as one into which a backup is being put.")
ENDED = fault_point("backup.ended", "A backup is back in its home as a whole.")
RESTORED = fault_point("backup.restored", "A file of a backup is back in its home.")
LOADED = fault_point("backup.loaded", "The rows of a backup are back in the database.")
FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
_CHUNK = 1 << 20
_OWN = ("home.lock",)
_FOLDERS = ("files", "logs", "run")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds: when and of what it was made, and size and SHA-256 by member."""

    made: str
    dialect: str
    facts: dict[str, Any]
    members: dict[str, tuple[int, str]] = field(default_factory=dict)
    format: int = FORMAT


def make(database: Database, folders: Mapping[str, Path], target: Path) -> Manifest:
    """Write a backup of a database and some folders (name in the archive -> folder) while they are in use.

    A target that ends in .gz is compressed. Files whose names start with a dot are drafts and are left out.

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
            for path in _files(folder):
                _add(tar, manifest, f"{name}/{path.relative_to(folder).as_posix()}", path)
        _finish(tar, manifest)
    return manifest


def verify(archive: Path) -> Manifest:
    """Return what an archive holds, after reading all of it.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no backup, or not whole, or was changed.
    """
    with _reading(archive) as tar:
        seen = {member.name: _digest(tar, member) for member in tar if member.name != MANIFEST}
        manifest = _manifest(tar, archive)
    if seen != manifest.members:
        wrong = sorted(set(seen.items()) ^ set(manifest.members.items()))[0][0]
        raise InvalidInput(f"{archive} is damaged: {wrong} is not what was backed up.")
    return manifest


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
    if not is_marked and any(path.name not in _OWN for path in _files(home)):
        raise Conflict(f"{home} is not empty.", hint="Restore into a new folder.")
    manifest = verify(archive)
    if (manifest.dialect == "sqlite") != (url is None):
        raise InvalidInput(f"{archive} is a backup of a home on {manifest.dialect}.")
    if url is not None:
        _check_empty(url)
    with _marked(home), _reading(archive) as tar:
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


def _files(folder: Path) -> Iterator[Path]:
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    return (path for path in paths if path.is_file() and not path.is_symlink() and path.name[0] != ".")


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


def _manifest(tar: tarfile.TarFile, archive: Path) -> Manifest:
    try:
        raw = orjson.loads(_opened(tar, MANIFEST).read())
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


def _opened(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[int, str]:
    sha256 = hashlib.sha256()
    file = tar.extractfile(member)
    while file is not None and (chunk := file.read(_CHUNK)):
        sha256.update(chunk)
    return member.size, sha256.hexdigest()


def _put_back(tar: tarfile.TarFile, name: str, path: Path) -> None:
    source = _opened(tar, name)
    with durable_file(RESTORED, path) as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)


def _load(
    tar: tarfile.TarFile, manifest: Manifest, url: str, migrate: Callable[[Database, str], object]
) -> None:
    database = open_database(url)
    try:
        migrate(database, manifest.facts["revision"])
        names = [name for name in manifest.members if name.startswith(f"{DATABASE}/")]

        def load(conn: Any) -> None:
            files = {name.partition("/")[2]: _opened(tar, name) for name in names}
            dumping.load(conn, files, manifest.facts)

        database.write(LOADED, load)
    finally:
        database.close()


@contextmanager
def _writing(file: IO[bytes], *, compressed: bool) -> Iterator[tarfile.TarFile]:
    with tarfile.open(fileobj=file, mode="w:gz" if compressed else "w", format=tarfile.PAX_FORMAT) as tar:
        yield tar


@contextmanager
def _reading(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {archive}.") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidInput(f"{archive} is no whole backup: {error}.") from error


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
