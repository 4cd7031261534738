"""New tasks: of a dataset, of another task, of an export. Their folder is whole before their row is there."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import orjson

from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput
from shoal.base.faults import fault_point
from shoal.base.files import GrowingFile, linked, write_durably
from shoal.base.ids import new_id
from shoal.live.log.log import Log
from shoal.live.log.logs import Logs
from shoal.live.log.record import SUFFIX, Rows, payload_of
from shoal.live.model import LiveTask, Summary, Wish
from shoal.live.plain import wish_of
from shoal.live.rows import checked
from shoal.live.states import State
from shoal.storage import datasets
from shoal.storage.backend import Storage
from shoal.storage.matrix import matrix

IMPORTED = fault_point("live.import", "An exported task is in a new task's folder.")
IMPORT = "import.npz"
_AT_ONCE = 1 << 22  # numbers
_NUMBERS = ("number", "integer")


@dataclass(frozen=True, slots=True)
class Making:
    """Make the folder of a task; every method blocks."""

    database: Database
    storage: Storage
    logs: Logs

    def blank(self, owner: str, wish: Wish, id: str | None = None) -> LiveTask:
        """Return a task with an empty log, or one that holds its dataset's rows.

        Raises:
            NotFound: there is no such dataset.
            InvalidInput: its columns cannot be used.
            Conflict: there is a task with this id.
            TaskFull, StorageFull: it does not fit.
        """
        id = id or new_id()
        with self._folder(id):
            log = self.logs.of(id)
            if wish.dataset is not None:
                wish = self._fill(log, wish, wish.dataset)
            return _task(id, owner, wish, log)

    def copy(self, task: LiveTask, owner: str, name: str | None, centres: Rows | None) -> LiveTask:
        """Return a task with the rows of another, or with its centres in their place."""
        id = new_id()
        wish = task.wish if name is None else replace(task.wish, name=name)
        with self._folder(id):
            if centres is not None:
                self._append(self.logs.of(id), centres)
            elif (source := self.logs.of(task.id)).end:
                paths, end = self.logs.writer.act(lambda: (source.seal(), source.end)).result()
                self._link(id, paths, end)
            return _task(id, owner, wish, self.logs.of(id))

    def imported(self, owner: str, data: bytes, name: str | None) -> LiveTask:
        """Return a READY task that begins with what an export holds.

        Raises:
            InvalidInput: this is no export.
        """
        wish, dim = _opened(data)
        wish = wish if name is None else replace(wish, name=name)
        id = new_id()
        with self._folder(id):
            log = self.logs.of(id)
            write_durably(IMPORTED, self.logs.folder_of(id) / IMPORT, data, private=True)
            return replace(_task(id, owner, wish, log), state=State.READY, run=1, dim=dim)

    @contextmanager
    def _folder(self, id: str) -> Iterator[None]:
        """Make a task's folder, and remove it when the task does not come to be; raises Conflict."""
        try:
            self.logs.folder_of(id).mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise Conflict(f"There is a live task {id} already.", task=id) from None
        try:
            yield
        except BaseException:
            self.logs.forget(id)
            shutil.rmtree(self.logs.folder_of(id), ignore_errors=True)
            raise

    def _fill(self, log: Log, wish: Wish, dataset: str) -> Wish:
        """Put a dataset's rows into a log; returns the wish with the columns that they have."""
        found = self.database.read(lambda conn: datasets.get(conn, dataset))
        numeric = [column.name for column in found.columns if column.kind in _NUMBERS]
        names = tuple(wish.columns) or tuple(wish.variables) or tuple(numeric)
        if not names:
            raise InvalidInput(f"Dataset {dataset} has no column of numbers.", dataset=dataset)
        rows = matrix(datasets.open_table(self.storage, found), names).values
        self._append(log, checked(rows, None, wish.algorithm.space))
        return replace(wish, columns=names)

    def _append(self, log: Log, rows: Rows) -> None:
        width = rows[0].shape[-1] if len(rows) else 1
        step = max(1, _AT_ONCE // width)
        for start in range(0, len(rows), step):
            self.logs.writer.append(log, *payload_of(rows[start : start + step])).result()

    def _link(self, id: str, paths: list[Path], end: int) -> None:
        folder = self.logs.folder_of(id) / "log"
        linked(paths, folder)
        GrowingFile(folder / f"{end:016}{SUFFIX}").close()  # What comes does not go into another's files.


def centres_of(summary: Summary | None, space: str) -> Rows | None:
    """Return centres as rows; None when there are none."""
    if summary is None or not summary.clusters:
        return None
    centres = [np.asarray(cluster.centre, np.float64) for cluster in summary.clusters]
    return centres if space == "series" else np.stack(centres)


def _task(id: str, owner: str, wish: Wish, log: Log) -> LiveTask:
    return LiveTask(
        id=id,
        owner=owner,
        wish=wish,
        state=State.CREATED,
        error=None,
        run=0,
        dim=log.dim or len(wish.columns) or None,
        rows=log.end,
        pushed=0,
        created=0,
        changed=0,
        played=None,
        ended=None,
        base=log.end,
    )


def _opened(data: bytes) -> tuple[Wish, int | None]:
    """Return the wish in an export, and how many numbers its rows have."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            wish = wish_of(orjson.loads(arrays["facts"].tobytes())["wish"])
            return wish, len(wish.columns) or int(arrays["rows"].shape[-1]) or None
    except (OSError, ValueError, KeyError, EOFError, TypeError, IndexError, BadZipFile) as error:
        raise InvalidInput(
            "This is not the export of a live task.", hint="Give the NPZ file as it came."
        ) from error
