"""Do the work of a course: each step is noted before it happens, so that it can be followed."""

from __future__ import annotations

from math import inf

from shoal.live.host.course import Course
from shoal.live.host.intake import Intake
from shoal.live.host.journal import LOOK, ROWS, Note
from shoal.live.host.keeping import Keeping
from shoal.live.log.reader import Reader

_PIECE = 1 << 17  # numbers that are taken at once, so that no step is long


class Work:
    """Take rows, turns and looks of a course, or follow the notes of a host before this one."""

    def __init__(self, course: Course, keeping: Keeping, reader: Reader) -> None:
        self.course = course
        self._keeping = keeping
        self._intake = Intake(reader)

    @property
    def behind(self) -> bool:
        """Say whether there are notes to follow before anything else."""
        return bool(self._keeping.ahead)

    def follow(self) -> None:
        """Do the next step that an earlier host did."""
        note, course = self._keeping.ahead[0], self.course
        if course.turns < note.turn:
            course.iterate()
            return
        self._keeping.ahead.popleft()
        if note.what == LOOK:
            course.look()
        elif piece := self._intake.take(course.row, note.row, inf):
            course.absorb(piece)

    def take(self, end: int, most: float) -> int:
        """Take at most `most` of the rows before `end`; return how many the course went on."""
        course = self.course
        before = course.row
        piece = self._intake.take(before, end, most)
        if piece is None:
            return 0
        self._keeping.note(Note(course.turns, piece.end, ROWS))
        course.absorb(piece)
        return course.row - before

    def look(self) -> None:
        """Look at the clusters."""
        if not self.behind:
            self._keeping.note(Note(self.course.turns, self.course.row, LOOK))
            self.course.look()


def piece(dim: int | None) -> int:
    """Return how many rows of a width are taken at once."""
    return max(1, _PIECE // max(1, dim or 1))
