"""Tell the office of a task: rows that were taken, events, summaries, and how a run ended."""

from __future__ import annotations

from typing import Any

from shoal.live.host.around import Around
from shoal.live.host.course import Course
from shoal.live.model import Fault
from shoal.live.states import State

_ROWS = 20_000  # after which the office hears at once that they were taken


class Telling:
    """Tell the office of one run of a task."""

    def __init__(self, task: str, run: int, around: Around) -> None:
        self._task = task
        self._run = run
        self._around = around
        self._row = -1

    def events(self, course: Course) -> None:
        """Tell what happened since the last time; a replay tells it by the same names."""
        happened, course.happened = course.happened, []
        for event in happened:
            name = f"{self._run}-{event['name']}"
            self._around.tell({"op": "event", "task": self._task, "run": self._run, **event, "name": name})

    def row(self, row: int, least: int = _ROWS) -> None:
        """Tell up to which row rows were taken, when that is `least` further than was told."""
        if row - self._row >= least:
            self._row = row
            self._around.tell({"op": "consumed", "task": self._task, "row": row})

    def summary(self, summary: dict[str, Any]) -> None:
        """Tell what was found so far."""
        self._around.tell({"op": "summary", **summary})

    def ended(self, state: State, fault: Fault | None, turn: Any) -> None:
        """Tell how a run ended; `turn` is that of the order to play."""
        told = {"op": "ended", "task": self._task, "run": self._run, "state": state.value, "turn": turn}
        error = None if fault is None else {"code": fault.code, "message": fault.message}
        self._around.tell({**told, "error": error})
