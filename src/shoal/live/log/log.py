"""One task's log: what it holds, and what one thread does to it."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from shoal.base import clock
from shoal.base.errors import InvalidInput, TooLarge
from shoal.base.files import GrowingFile
from shoal.live.errors import RowsWaiting, TaskFull
from shoal.live.log.faults import ROWS
from shoal.live.log.opening import take_up
from shoal.live.log.record import HEAD, MOST_PAYLOAD, SUFFIX, encoded

SEGMENT = 64 << 20


class Bounds(NamedTuple):
    """How many bytes a log may keep, and how many rows may wait to be read."""

    size: int
    waiting: int


class Appended(NamedTuple):
    """Where rows are in the log; a duplicate was there before."""

    first: int
    rows: int
    duplicate: bool


class Wanted(NamedTuple):
    """Rows that somebody wants to be in the log."""

    payload: bytes
    rows: int
    dim: int
    key: str
    future: Future[Appended]


class Log:
    """Hold one log; only the writer's thread calls what changes it.

    `end` is the next row's number, up to which everything is on the disk. `consumed` is up to where the task
    has read, which bounds what may wait while `is_read`. Rows before `needed` may go.
    """

    def __init__(self, task: str, folder: Path, bounds: Bounds) -> None:
        """Take up the log in a folder; raises StorageFull, Forbidden."""
        self.task = task
        self.folder = folder
        self.bounds = bounds
        found = take_up(folder)
        self.end = self._next = found.end
        self.dim = found.dim
        self.last = found.last
        self.keys = found.keys
        self.consumed = found.end  # until a host says otherwise
        self.is_read = False
        self.is_closed = False
        self._files = [path for path, _ in found.files]
        self._sizes = dict(found.files)
        self._file: GrowingFile | None = None
        self._staged: list[tuple[Wanted, Appended]] = []
        self._size = sum(self._sizes.values())  # with what is staged

    @property
    def size(self) -> int:
        """Return how many bytes it keeps."""
        return sum(self._sizes.values())

    @property
    def first(self) -> int:
        """Return the number of the oldest row that is kept."""
        return int(self._files[0].stem) if self._files else self.end

    def stage(self, wanted: list[Wanted]) -> bool:
        """Write rows behind each other; those that cannot be taken are refused. Say whether to sync."""
        pieces = [piece for one in wanted if (piece := self._admitted(one)) is not None]
        if not pieces:
            return False
        try:
            file = self._open_file()
            file.write(b"".join(pieces))
            self._sizes[file.path] = file.size
        except Exception as error:
            self._take_back(error)
            return False
        return True

    def sync(self) -> None:
        """Put what was staged on the disk and tell those who wait."""
        if self._file is None:
            return
        try:
            self._file.sync(ROWS)
        except Exception as error:
            self._sizes[self._file.path] = self._file.size
            return self._take_back(error)
        self.end = self._next
        self.last = clock.now()
        staged, self._staged = self._staged, []
        for wanted, appended in staged:
            wanted.future.set_result(appended)

    def has_before(self, row: int) -> bool:
        """Say whether a file holds only rows with lower numbers, and is not the newest."""
        return len(self._files) > 1 and int(self._files[1].stem) <= row

    def drop(self, before: int) -> int:
        """Remove the files all of whose rows have lower numbers, but not the newest; return how many."""
        following = [int(path.stem) for path in self._files[1:]]
        gone = sum(first <= before for first in following)
        for path in self._files[:gone]:
            path.unlink(missing_ok=True)
            self._sizes.pop(path, None)
        del self._files[:gone]
        self._size = self.size
        return gone

    def seal(self) -> list[Path]:
        """End the newest file, so that no file changes any more, and return all of them."""
        if self._files and self._sizes[self._files[-1]]:
            self.rest()
            self.keys.keep()
            self._begin()
        return [path for path in self._files if self._sizes[path]]

    def rest(self) -> None:
        """Close the file; the next rows open it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _admitted(self, one: Wanted) -> bytes | None:
        """Return the record of rows that may be added, else answer their sender."""
        try:
            if one.key and (known := self.keys.get(one.key)) is not None:
                self._repeat(one, Appended(*known, duplicate=True))
                return None
            self._check(one)
        except Exception as error:
            one.future.set_exception(error)
            return None
        appended = Appended(self._next, one.rows, duplicate=False)
        record = encoded(one.payload, appended.first, one.rows, one.dim, clock.now(), one.key)
        self._staged.append((one, appended))
        self._next += one.rows
        self._size += len(record)
        self.dim = one.dim
        if one.key:
            self.keys.add(one.key, appended.first, one.rows)
        return record

    def _repeat(self, one: Wanted, appended: Appended) -> None:
        """Tell a sender that the rows are there; when those are not synced yet, with them."""
        if appended.first >= self.end:
            self._staged.append((one, appended))
        else:
            one.future.set_result(appended)

    def _check(self, one: Wanted) -> None:
        if self.is_closed:
            raise InvalidInput("The task was deleted.", task=self.task)
        if self.dim is not None and one.dim != self.dim:
            raise InvalidInput(f"These rows have {one.dim} numbers, those of the task have {self.dim}.")
        if len(one.payload) > MOST_PAYLOAD:
            raise TooLarge(
                f"{len(one.payload):,} bytes at once are too many.", hint="Send fewer rows a time."
            )
        if self._size + len(one.payload) + HEAD.size > self.bounds.size:
            raise TaskFull(self.task, self.bounds.size)
        waiting = self._next - self.consumed
        if self.is_read and waiting >= self.bounds.waiting:
            raise RowsWaiting(self.task, waiting)

    def _open_file(self) -> GrowingFile:
        if self._file is not None and self._file.size >= SEGMENT:
            self.seal()
        if not self._files:
            self._begin()
        if self._file is None:
            self._file = GrowingFile(self._files[-1])
        return self._file

    def _begin(self) -> None:
        path = self.folder / f"{self.end:016}{SUFFIX}"
        self._file = GrowingFile(path)
        if path not in self._sizes:
            self._files.append(path)
        self._sizes[path] = self._file.size

    def _take_back(self, error: Exception) -> None:
        """Forget what was staged: none of it is in the log."""
        staged, self._staged = self._staged, []
        self._next, self._size = self.end, self.size
        for wanted, appended in staged:
            if wanted.key and not appended.duplicate:
                self.keys.remove(wanted.key)
            wanted.future.set_exception(error)
        if self.end == 0:
            self.dim = None
