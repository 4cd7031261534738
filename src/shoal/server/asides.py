"""What a server does while nobody asks for it: it ends with the server, which waits for none of it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

_log = logging.getLogger(__name__)


async def in_thread(work: Callable[[], object]) -> None:
    """Do something in a thread that dies with this process; what goes wrong is told in the log."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def run() -> None:
        try:
            work()
        except Exception:
            _log.exception("what a server does beside its work failed")
        with suppress(RuntimeError):  # The loop is over.
            loop.call_soon_threadsafe(done.set)

    # A thread of the loop's own would be waited for, at the end of the loop and of the process.
    Thread(target=run, name="aside", daemon=True).start()
    await done.wait()


async def in_process(*words: str) -> None:
    """Run a program of ours, `python WORDS`, and kill it if this is cancelled."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", *words)
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
