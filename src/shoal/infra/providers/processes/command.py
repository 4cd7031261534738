"""The command that a machine runs: started again when it ends, later each time that it ends soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from shoal.infra.providers.processes.programs import REST, started
from shoal.infra.providers.processes.surroundings import Surroundings

_FIRST, _MOST = 0.5, 30.0  # seconds until a command that ended is started again
_STEADY = 60.0  # seconds after which a command counts as one that works
Tell = Callable[[Mapping[str, Any]], None]


class Command:
    """Keep a command running; `tell` hears how it is."""

    def __init__(self, words: Sequence[str], around: Surroundings) -> None:
        self._words = words
        self._around = around
        self._pumps: set[asyncio.Task[None]] = set()

    async def keep(self, tell: Tell) -> None:
        """Run it for ever."""
        wait, starts = _FIRST, 0
        while True:
            begun, starts = time.monotonic(), starts + 1
            ended = await self._run(partial(tell, {"running": True, "starts": starts}))
            wait = _FIRST if time.monotonic() - begun > _STEADY else min(_MOST, wait * 2)
            self._around.log.write(f"== {ended}; started again in {wait:g} s\n".encode())
            tell({"running": False, "starts": starts, "ended": ended})
            await asyncio.sleep(wait)

    async def _run(self, tell: Callable[[], None]) -> str:
        try:
            process, written = await started(self._words, self._around)
        except (OSError, ValueError) as error:
            return f"{self._words[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
        tell()
        # It goes on for as long as anything that the command has started holds its output open.
        pump = asyncio.create_task(self._pump(written))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        code = await process.wait()
        await asyncio.wait({pump}, timeout=REST)
        return f"{self._words[0]} ended with {code}"

    async def _pump(self, written: AsyncIterator[bytes]) -> None:
        async for piece in written:
            self._around.log.write(piece)
