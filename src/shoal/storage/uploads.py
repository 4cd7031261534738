"""Large files that arrive in parts, kept on this machine until they are whole.

An upload is a file `ID.part` and a record `ID.json` beside it. Bytes count once the record says so: they are
synced before it is written, and what a crash left beyond it is cut off. So an offset that was told is true.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import orjson

from shoal.base import clock
from shoal.base.errors import Conflict, NotFound, StorageFull, TooLarge, TooManyRequests
from shoal.base.faults import FaultPoint, fault_point
from shoal.base.files import explained, sync_folder, write_durably
from shoal.base.ids import ALPHABET, LENGTH, new_id
from shoal.storage.words import shown, sized

CREATED = fault_point("uploads.create", "An upload is begun: its name and length are kept.")
APPENDED = fault_point("uploads.append", "A part of an upload is on the disk, and its offset says so.")
FINISHED = fault_point("uploads.finish", "An upload has become a dataset, and its record says which.")
_ID = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
# What is lost at most when the server dies while it receives.
STEP = 16 << 20
# An owner's unfinished uploads may together be so many times the limit of one.
AT_ONCE = 4
DAY = 86_400 * clock.SECOND


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: `offset` of `length` bytes have arrived; `dataset` is set once it has become one.

    `fingerprint` is a word by which the sender finds it again.
    """

    id: str
    owner: str
    name: str
    length: int
    offset: int
    created: int
    touched: int
    delimiter: str = ""
    fingerprint: str = ""
    dataset: str = ""

    @property
    def whole(self) -> bool:
        """Say whether every byte is there."""
        return self.offset == self.length


class Uploads:
    """The uploads below a folder; one process at a time writes to one of them."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Keep uploads of at most `limit` bytes each."""
        self._folder = folder
        self._limit = limit

    def create(
        self, owner: str, length: int, name: str, *, delimiter: str = "", fingerprint: str = ""
    ) -> Upload:
        """Begin an upload, durably.

        Raises:
            TooLarge: it would be over the limit.
            TooManyRequests: the owner has too many unfinished ones.
            StorageFull: the disk has no room for it.
        """
        self._check(owner, length)
        moment = clock.now()
        upload = Upload(new_id(), owner, shown(name, 255), length, 0, moment, moment, delimiter, fingerprint)
        self._part(upload.id).touch(mode=0o600)
        self._write(CREATED, upload)
        return upload

    def get(self, id: str) -> Upload:
        """Return an upload; raises `NotFound`."""
        if (found := self._known(id)) is None:
            raise NotFound(f"There is no upload {shown(id)}.", hint="It may have ended. Begin again.")
        return found

    def list(self, owner: str | None = None) -> list[Upload]:
        """Return the uploads of an owner, or all, the newest first."""
        found = [self._known(path.stem) for path in self._folder.glob("*.json")]
        mine = [one for one in found if one is not None and (owner is None or one.owner == owner)]
        return sorted(mine, key=lambda one: (-one.created, one.id))

    @contextmanager
    def appending(self, id: str, offset: int) -> Iterator[Appender]:
        """Open an upload for more bytes; what has arrived when the block ends, however, is kept.

        Raises:
            NotFound: there is none, or it has become a dataset.
            Conflict: it goes on elsewhere than at `offset`, or another request sends to it.
        """
        with self._held(id) as file:
            upload = self.get(id)
            if upload.offset != offset:
                raise Conflict(
                    f"The upload {id} goes on at {upload.offset}, not at {offset}.", offset=upload.offset
                )
            file.truncate(offset)
            file.seek(offset)
            appender = Appender(self, upload, file)
            try:
                yield appender
            finally:
                appender.keep()

    @contextmanager
    def whole(self, id: str) -> Iterator[IO[bytes]]:
        """Open an upload of which every byte is there; nobody else changes it meanwhile."""
        with self._held(id) as file:
            yield file

    def finish(self, id: str, dataset: str) -> Upload:
        """Say which dataset an upload has become, and forget its bytes."""
        upload = replace(self.get(id), dataset=dataset, touched=clock.now())
        self._write(FINISHED, upload)
        self._part(id).unlink(missing_ok=True)
        return upload

    def remove(self, id: str) -> None:
        """Forget an upload with its bytes; raises `NotFound`."""
        self.get(id)
        self._record(id).unlink(missing_ok=True)
        self._part(id).unlink(missing_ok=True)
        sync_folder(self._folder)

    def collect(self, older_than: int = DAY) -> int:
        """Forget the uploads that nothing was sent to for so long (microseconds); returns how many."""
        before = clock.now() - older_than
        old = [upload.id for upload in self.list() if upload.touched < before]
        for id in old:
            self.remove(id)
        strays = [path for path in self._folder.glob("*.part") if not self._record(path.stem).exists()]
        for path in strays:
            if path.stat().st_mtime_ns // 1000 < before:
                path.unlink(missing_ok=True)
        return len(old)

    def keep(self, upload: Upload) -> None:
        """Write how far an upload is; its bytes are synced."""
        self._write(APPENDED, upload)

    def _known(self, id: str) -> Upload | None:
        """Return an upload, or None where there is none or it has just been forgotten."""
        if not _ID.fullmatch(id):
            return None
        try:
            return Upload(**orjson.loads(self._record(id).read_bytes()))
        except FileNotFoundError:
            return None

    def _check(self, owner: str, length: int) -> None:
        if length > self._limit:
            raise TooLarge(
                f"The file is {length:,} bytes; the limit is {self._limit:,} bytes.", limit=self._limit
            )
        self._folder.mkdir(mode=0o700, exist_ok=True)
        waiting = sum(one.length for one in self.list(owner) if not one.dataset)
        if waiting + length > AT_ONCE * self._limit:
            hint = "Finish or delete some, or have `shoal gc` forget those of yesterday."
            raise TooManyRequests(f"Unfinished uploads hold {sized(waiting)} already.", hint=hint)
        if shutil.disk_usage(self._folder).free < length:
            raise StorageFull(f"The disk has no room for {sized(length)}.", hint="Free some space first.")

    @contextmanager
    def _held(self, id: str) -> Iterator[IO[bytes]]:
        upload = self.get(id)
        try:
            with self._part(id).open("r+b", buffering=0) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise Conflict(f"Another request sends to the upload {id}.", hint="Try again.") from None
                yield file
        except FileNotFoundError:
            raise NotFound(f"The upload {id} has ended.", dataset=upload.dataset) from None

    def _write(self, point: FaultPoint, upload: Upload) -> None:
        write_durably(point, self._record(upload.id), orjson.dumps(asdict(upload)), private=True)

    def _record(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _part(self, id: str) -> Path:
        return self._folder / f"{id}.part"


class Appender:
    """Take bytes of one upload in order."""

    def __init__(self, uploads: Uploads, upload: Upload, file: IO[bytes]) -> None:
        self._uploads, self.upload, self._file = uploads, upload, file
        self._arrived = upload.offset

    def write(self, block: bytes) -> None:
        """Append bytes.

        Raises:
            TooLarge: they are more than was announced; none of the block is kept.
            StorageFull: the disk has no room left.
        """
        if self._arrived + len(block) > self.upload.length:
            length = self.upload.length
            raise TooLarge(f"The upload was to be {length:,} bytes; more came.", limit=length)
        left = memoryview(block)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise explained(error, Path(self._file.name)) from error
        self._arrived += len(block)
        if self._arrived - self.upload.offset >= STEP:
            self.keep()

    def keep(self) -> None:
        """Make what has arrived durable."""
        if self._arrived == self.upload.offset:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise explained(error, Path(self._file.name)) from error
        self.upload = replace(self.upload, offset=self._arrived, touched=clock.now())
        self._uploads.keep(self.upload)
