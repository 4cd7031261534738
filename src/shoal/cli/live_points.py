"""The newest points of a live task, as they are fetched: only what is new."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shoal.client.live_task import LiveTask

# Rows, numbers of a row, the first row's number, the next one's: what the server sends first.
HEAD = struct.Struct("<IIQQ")


class Point(NamedTuple):
    """A row and its cluster's place among those of the task; -1 is none."""

    values: tuple[float, ...]
    label: int


class Points:
    """Hold the newest rows of a task."""

    def __init__(self, task: LiveTask, most: int = 3000) -> None:
        self._task = task
        self._most = most
        self._since = 0
        self._points: deque[Point] = deque(maxlen=most)

    def fetch(self) -> deque[Point]:
        """Return the newest points, after asking for those that came since."""
        content = self._task.points(self._since, self._most)
        n, dim, first, after = HEAD.unpack_from(content)
        if first < self._since:  # It has begun anew.
            self._points.clear()
        self._since = after
        rows = struct.iter_unpack(f"<{dim}f", content[HEAD.size : HEAD.size + 4 * n * dim]) if n else ()
        labels = struct.unpack_from(f"<{n}i", content, HEAD.size + 4 * n * dim)
        self._points.extend(Point(values, label) for values, label in zip(rows, labels, strict=True))
        return self._points
