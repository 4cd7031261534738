"""What is done about instances at once, in threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any, NamedTuple


class Task(NamedTuple):
    """Something that is done about an instance."""

    kind: str
    instance: str


class Hands:
    """Do so many things at once, and each of them once."""

    def __init__(self, pool: Executor, most: int) -> None:
        self._pool = pool
        self._most = most
        self._running: dict[Task, Future[None]] = {}

    def __bool__(self) -> bool:
        """Say whether anything is being done."""
        return bool(self._running)

    @property
    def are_full(self) -> bool:
        """Say whether nothing more can be started."""
        return len(self._running) >= self._most

    def start(self, task: Task, do: Callable[..., None], *given: Any) -> None:
        """Start something, unless it is being done."""
        if task not in self._running:
            self._running[task] = self._pool.submit(do, *given)

    def busy(self, kind: str) -> set[str]:
        """Return the instances about which something of a kind is being done."""
        return {task.instance for task in self._running if task.kind == kind}

    def collect(self) -> None:
        """Take away what is done; raises what a thread could not handle."""
        for task, future in list(self._running.items()):
            if future.done():
                del self._running[task]
                future.result()

    def wait(self, seconds: float) -> None:
        """Return when something is done, or after some seconds."""
        wait(self._running.values(), seconds, FIRST_COMPLETED)
