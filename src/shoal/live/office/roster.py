"""Which host follows which task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from shoal.base.errors import Unavailable
from shoal.live.office.line import Line


class Roster:
    """Spread tasks over the hosts that are there; lives in the office's event loop."""

    def __init__(self) -> None:
        self._lines: set[Line] = set()
        self._of: dict[str, Line] = {}
        self._came = asyncio.Event()

    def __iter__(self) -> Iterator[Line]:
        return iter(list(self._lines))

    def line_of(self, task: str) -> Line | None:
        """Return the host that follows a task."""
        return self._of.get(task)

    def join(self, line: Line) -> None:
        """Count with a host."""
        self._lines.add(line)
        self._came.set()

    def leave(self, line: Line) -> set[str]:
        """Count with a host no more; returns the tasks that nobody follows now."""
        self._lines.discard(line)
        orphans = {task for task in line.tasks if self._of.get(task) is line}
        for task in orphans:
            del self._of[task]
        if not self._lines:
            self._came.clear()
        return orphans

    async def some(self, patience: float) -> None:
        """Return when there is a host; raises Unavailable when none comes."""
        try:
            async with asyncio.timeout(patience):
                await self._came.wait()
        except TimeoutError:
            raise Unavailable(
                "No process that follows live tasks is there.",
                hint="They may be starting: try again in a moment. The server's log says more.",
                retry_after=5,
            ) from None

    def place(self, task: str, may_take: Callable[[Line], bool]) -> Line | None:
        """Give a task to the host with the fewest of those that may take it; None when there is none."""
        fit = [line for line in self._lines if may_take(line)]
        if not fit:
            return None
        line = min(fit, key=lambda one: (len(one.tasks), one.number))
        line.tasks.add(task)
        self._of[task] = line
        return line

    def release(self, task: str) -> Line | None:
        """Let a task be followed by nobody; returns who did."""
        line = self._of.pop(task, None)
        if line is not None:
            line.tasks.discard(task)
        return line
