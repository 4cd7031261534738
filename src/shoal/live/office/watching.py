"""Those who want to hear what changes: each gets the last of each task, and never more than it can take."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import replace

from shoal.live.model import Change

PAUSE = 0.1  # seconds between two changes of a task, for one listener
MOST_EVENTS = 1_000  # that wait for one listener; older ones are in the database


class Watchers:
    """Tell listeners in any event loop; `tell` may be called from any thread."""

    def __init__(self) -> None:
        self._all: set[_Watcher] = set()

    def __bool__(self) -> bool:
        return bool(self._all)

    def tell(self, change: Change) -> None:
        """Give a change to those who want to hear of its task."""
        for watcher in list(self._all):
            watcher.hear(change)

    def watch(self, tasks: Collection[str] | None) -> _Watcher:
        """Return a listener for some tasks (all when None), in the caller's event loop."""
        watcher = _Watcher(self._all, None if tasks is None else frozenset(tasks))
        self._all.add(watcher)
        return watcher

    def close(self) -> None:
        """End every listener."""
        for watcher in list(self._all):
            watcher.end()


class _Watcher:
    """One listener; iterate over it, and close it."""

    def __init__(self, all_: set[_Watcher], tasks: frozenset[str] | None) -> None:
        self._all = all_
        self._left = None if tasks is None else set(tasks)
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._latest: dict[str, Change] = {}
        self._events: deque[Change] = deque(maxlen=MOST_EVENTS)
        self._over = False

    def hear(self, change: Change) -> None:
        """Take note of a change, from any thread."""
        if self._left is None or change.task in self._left:
            with suppress(RuntimeError):  # The listener's loop is closed.
                self._loop.call_soon_threadsafe(self._add, change)

    def end(self) -> None:
        """Let the iteration end after what is known."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._finish)

    def close(self) -> None:
        """Hear nothing more."""
        self._all.discard(self)

    async def changes(self, pause: float = PAUSE) -> AsyncIterator[Change]:
        """Yield changes, those of one task at most every `pause` seconds; ends when all tasks are deleted."""
        try:
            while not (self._over and not self._latest and not self._events):
                await self._wake.wait()
                self._wake.clear()
                began = time.monotonic()
                for change in self._taken():
                    yield change
                await asyncio.sleep(max(0.0, began + pause - time.monotonic()))
        finally:
            self.close()

    async def changed(self) -> None:
        """Return when something has changed since the last call."""
        await self._wake.wait()
        self._wake.clear()

    def _taken(self) -> list[Change]:
        latest, self._latest = self._latest, {}
        events = list(self._events)
        self._events.clear()
        return [*events, *latest.values()]

    def _add(self, change: Change) -> None:
        if change.event is not None:
            self._events.append(change)
        else:
            self._latest[change.task] = _merged(self._latest.get(change.task), change)
        if change.deleted and self._left is not None:
            self._left.discard(change.task)
            self._over = not self._left
        self._wake.set()

    def _finish(self) -> None:
        self._over = True
        self._wake.set()


def _merged(before: Change | None, change: Change) -> Change:
    if before is None:
        return change
    return replace(change, state=change.state or before.state, summary=change.summary or before.summary)
