"""Threads that do what blocks, and that no exit of the process waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Hands:
    """Do things in a few threads; unlike an executor's, these never keep a process from ending."""

    def __init__(self, name: str, n: int) -> None:
        self._works: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for number in range(n):
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True).start()

    def do(self, work: Callable[[], T]) -> Future[T]:
        """Return at once with what will be the result, or the error, of a function."""
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:
                    future.set_exception(error)

        self._works.put(run)
        return future

    def _serve(self) -> None:
        while True:
            self._works.get()()


def done(result: T) -> Future[T]:
    """Return a future that has its result."""
    future: Future[T] = Future()
    future.set_result(result)
    return future
