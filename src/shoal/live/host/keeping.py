"""Keep a course over the death of its host: its newest state, and what was noted since."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError
from shoal.live.host.around import Around
from shoal.live.host.checkpoints import Checkpoints, Saved
from shoal.live.host.course import Course
from shoal.live.host.exported import imported
from shoal.live.host.journal import Journal, Note
from shoal.live.log.reader import Reader
from shoal.live.model import Wish
from shoal.live.plain import wish_of


class Keeping:
    """Keep one run of a task; `ahead` are the notes that a course from `reopened` has still to follow."""

    def __init__(self, task: str, folder: Path, run: int, around: Around) -> None:
        self.ahead: deque[Note] = deque()
        self._task = task
        self._folder, self._run = folder, run
        self._around = around
        self._checkpoints = Checkpoints(folder, run)
        self._serial = self._checkpoints.latest() + 1
        self._journal = Journal(self._checkpoints.journal(self._serial))
        self._needed: int | None = None

    def reopened(self, reader: Reader) -> Course | None:
        """Return the course of the newest state that can be gone on from; None when there is none."""
        for serial, saved in self._checkpoints.newest():
            try:
                course = Course.restored(wish_of(saved.facts["wish"]), saved, reader)
            except (ShoalError, ValueError, KeyError, TypeError) as error:
                self._around.log(f"Task {self._task}: state {serial} cannot be gone on from: {error}")
                continue
            self.ahead.extend(self._checkpoints.notes(serial))
            return course
        return None

    def begun(self, wish: Wish, reader: Reader, base: int) -> Course:
        """Return a course at this run's start, to follow what was noted of it.

        It begins with the rows that were in the frame by then, or with what was imported.
        """
        frame = wish.algorithm.frame_size
        course = self._imported(reader)
        if course is None:
            course = Course(wish, max(reader.first(), base - frame if frame else 0))
        if self._checkpoints.journal(0).exists():
            self.ahead.extend(self._checkpoints.notes(0))
        return course

    def _imported(self, reader: Reader) -> Course | None:
        path = self._folder.parent / "import.npz"
        if not path.exists():
            return None
        saved = imported(path.read_bytes())
        course = Course.restored(wish_of(saved.facts["wish"]), saved, reader)
        return course.begun_anew() if self._run > 1 else course

    def note(self, note: Note) -> None:
        """Note what is about to happen."""
        self._journal.add(note)

    def save(
        self, course: Course, first_kept: int, summary: Mapping[str, Any], then: Callable[[], None]
    ) -> None:
        """Keep a course's state, in another thread; `then` is called when that is done or has failed."""
        saved = course.saved(first_kept)
        needed = course.row - (saved.facts["frame"] or [0])[0]
        before, self._needed = self._needed, needed
        self._serial += 1
        self._journal.close()
        self._journal = Journal(self._checkpoints.journal(self._serial))
        row = needed if before is None else min(before, needed)
        serial = self._serial
        self._around.write(lambda: self._write(serial, saved, summary, row, then))

    def _write(
        self, serial: int, saved: Saved, summary: Mapping[str, Any], row: int, then: Callable[[], None]
    ) -> None:
        try:
            self._checkpoints.save(serial, saved, summary)
            self._around.tell({"op": "checkpointed", "task": self._task, "row": max(0, row)})
        except (OSError, ShoalError) as error:
            code = error.error_code if isinstance(error, ShoalError) else "storage_full"
            told = {"op": "trouble", "task": self._task, "code": code, "message": str(error)}
            self._around.tell(told)
        finally:
            then()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()
