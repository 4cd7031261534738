"""The logs of all tasks of a home."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shoal.live.log.log import Bounds, Log
from shoal.live.log.writer import Writer


class Logs:
    """Open logs when they are needed, and keep them open; every method may be called from any thread."""

    def __init__(self, folder: Path, bounds: Bounds, on_rows: Callable[[Sequence[Log]], None]) -> None:
        """Keep the logs of the tasks in a folder."""
        self.folder = folder
        self.writer = Writer(on_rows)
        self._bounds = bounds
        self._open: dict[str, Log] = {}
        self._opening = threading.Lock()

    def known(self, task: str) -> Log | None:
        """Return a log that is open already."""
        return self._open.get(task)

    def of(self, task: str) -> Log:
        """Return a task's log, which may take a moment the first time; raises StorageFull, Forbidden."""
        if (log := self._open.get(task)) is not None:
            return log
        with self._opening:
            if (log := self._open.get(task)) is None:
                log = self._open[task] = Log(task, self.folder_of(task) / "log", self._bounds)
            return log

    def folder_of(self, task: str) -> Path:
        """Return where everything of a task is."""
        return self.folder / task

    def forget(self, task: str) -> None:
        """Take no more rows for a task that is deleted."""
        if (log := self._open.pop(task, None)) is not None:
            log.is_closed = True
            self.writer.act(log.rest)

    def __iter__(self) -> Iterator[Log]:
        return iter(list(self._open.values()))

    def close(self) -> None:
        """Write what waits and end."""
        self.writer.close()
