"""An event loop in a thread of its own, so that whatever serves requests never waits for it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from shoal.base.errors import ShoalError, Unavailable

T = TypeVar("T")
Ready = Callable[[], None]
_log = logging.getLogger(__name__)


class OwnLoop:
    """Run one coroutine for as long as the server is there, and others beside it."""

    def __init__(self, main: Callable[[Ready], Coroutine[Any, Any, None]]) -> None:
        """Prepare; `main` is given what to call when others may come, and ends when `over` is set."""
        self._main = main
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._ready = False
        self._works: set[asyncio.Task[Any]] = set()
        self.failure: ShoalError | None = None  # what ended it
        self.over = asyncio.Event()

    @property
    def started(self) -> bool:
        """Say whether others may come."""
        return self._ready

    def start(self) -> None:
        """Start, and return when others may come; raises what `main` raises before that."""
        with self._starting:
            if self._thread is None:
                ready: Future[None] = Future()
                self._thread = threading.Thread(target=self._run, args=(ready,), name="live", daemon=True)
                self._thread.start()
                try:
                    ready.result()
                except BaseException:
                    self._thread = None  # The next may be luckier.
                    raise
                self._ready = True

    def close(self) -> None:
        """Let `main` end, and wait for it."""
        with self._starting:
            self.soon(self.over.set)
            if self._thread is not None:
                self._thread.join()

    def call(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the loop, from any thread; raises Unavailable when it is over."""
        try:
            if self._loop is None:
                raise RuntimeError
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise Unavailable("The server stops.", hint="Try again in a moment.") from None

    def soon(self, action: Callable[..., Any], *given: Any) -> None:
        """Call a function in the loop, from any thread; nothing happens when it is over."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(action, *given)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Begin something that nobody waits for; only in the loop."""
        task = asyncio.get_running_loop().create_task(self.quietly(work))
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def quietly(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something; what goes wrong is told in the log."""
        try:
            await work
        except ShoalError as error:
            _log.warning("live tasks: %s", error)
        except Exception:
            _log.exception("live tasks")

    async def surely(self, work: Callable[[], Coroutine[Any, Any, None]], pause: float = 1.0) -> None:
        """Do something that nobody would ask for again; what fails is tried until it is over."""
        while not self.over.is_set():
            try:
                return await work()
            except ShoalError as error:
                _log.warning("live tasks: %s; this is tried again", error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.over.wait(), pause)

    async def cancel(self) -> None:
        """End what was spawned."""
        works = list(self._works)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    def _run(self, ready: Future[None]) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            await self._main(lambda: ready.set_result(None))

        try:
            asyncio.run(main())
        except BaseException as error:
            if ready.done():
                _log.exception("the office of live tasks failed")
                self.failure = Unavailable(
                    f"The office of live tasks failed: {error!r}.", hint="Start the server again."
                )
            else:
                ready.set_exception(error)
