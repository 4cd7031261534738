"""Warm worker processes that do the jobs of a desk, kept alive and supervised."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

from shoal.base.errors import ShoalError, Unavailable
from shoal.jobs.workers.desk import Desk
from shoal.jobs.workers.dispatcher import Options
from shoal.jobs.workers.nursery import Nursery
from shoal.jobs.workers.shift import Shift
from shoal.jobs.workers.status import Status

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Pool:
    """Run jobs on this machine; every method may be called from any thread.

    One event loop in a thread of its own speaks with the workers and the desk.
    """

    def __init__(self, desk: Desk, options: Options, nursery: Nursery | None = None) -> None:
        """Prepare; nothing runs yet. A fork server that was started early is closed with this."""
        self._desk = desk
        self._options = options
        self._nursery = nursery
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shift: Shift | None = None
        self._thread: threading.Thread | None = None
        self._failure: Unavailable | None = None

    def start(self) -> None:
        """Start the fork server and the workers in the background and return at once."""
        if self._thread is None:
            shift = Shift(self._desk, self._options, self._nursery or Nursery(self._options.preload))
            ready: Future[None] = Future()
            self._shift = shift
            self._thread = threading.Thread(
                target=self._serve, args=(shift, ready), name="shoal-dispatcher", daemon=True
            )
            self._thread.start()
            ready.result()

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more jobs and wait for those that run; False when they have not ended in time."""
        try:
            self._call(lambda shift: shift.drain(), timeout)
        except TimeoutError:
            return False
        return True

    def stop(self, grace: float = 0.0) -> None:
        """Let running jobs end for `grace` seconds, give back the others, end every process."""
        if self._thread is not None:
            with suppress(Unavailable):
                self._hand_over(lambda shift: shift.stop(grace))
            self._thread.join()

    def status(self) -> Status:
        """Return who does what."""
        if self._failure is not None:
            return Status(trouble=self._failure)
        try:
            return self._call(lambda shift: shift.status(), 5.0)
        except Unavailable:
            return Status(trouble=self._failure)

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps outcomes from being recorded now (a full disk, a lost database), if anything."""
        return self._failure or (self._shift.trouble if self._shift is not None else None)

    def check(self) -> None:
        """Pass when jobs are done here; raises what keeps them from being done."""
        status = self.status()
        if status.trouble is not None:
            raise status.trouble
        if not any(worker.state in ("idle", "busy") for worker in status.workers):
            raise Unavailable("No worker is ready yet.")

    def raise_trouble(self) -> None:
        """Raise the trouble there is now, if any."""
        if (trouble := self.trouble) is not None:
            raise trouble

    def _call(self, what: Callable[[Shift], Coroutine[Any, Any, T]], timeout: float | None) -> T:
        future = self._hand_over(what)
        try:
            return future.result(timeout)
        except CancelledError:
            raise Unavailable("The workers were stopped.") from None
        finally:
            future.cancel()

    def _hand_over(self, what: Callable[[Shift], Coroutine[Any, Any, T]]) -> Future[T]:
        if self._shift is None or self._loop is None:
            raise Unavailable("The workers were not started.")
        coroutine = what(self._shift)
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            coroutine.close()
            raise Unavailable("The workers were stopped.") from None

    def _serve(self, shift: Shift, ready: Future[None]) -> None:
        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            ready.set_result(None)
            await shift.run()

        try:
            asyncio.run(run())
        except BaseException as error:
            _log.exception("the dispatcher failed")
            self._failure = Unavailable(f"The workers' dispatcher failed: {error!r}.", hint="Start again.")
