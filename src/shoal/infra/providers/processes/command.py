"""The command that a machine runs: started again when it ends, later each time that it ends soon."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.infra.providers.processes.capped_log import CappedLog
from shoal.jobs.sandbox import privileges
from shoal.jobs.sandbox.limits import Limits

_FIRST, _MOST = 0.5, 30.0  # seconds until a command that ended is started again
_STEADY = 60.0  # seconds after which a command counts as one that works
_PIECE = 1 << 16
Tell = Callable[[Mapping[str, Any]], None]


class Command:
    """Keep a command running; `tell` hears how it is."""

    def __init__(
        self, words: Sequence[str], home: Path, environment: Mapping[str, str], limits: Limits, log: CappedLog
    ) -> None:
        self._words = words
        self._home = home
        self._environment = dict(environment)
        self._limits = limits
        self._log = log

    async def keep(self, tell: Tell) -> None:
        """Run it for ever."""
        wait, starts = _FIRST, 0
        while True:
            begun = time.monotonic()
            tell({"running": True, "starts": (starts := starts + 1)})
            ended = await self._run()
            wait = _FIRST if time.monotonic() - begun > _STEADY else min(_MOST, wait * 2)
            tell({"running": False, "starts": starts, "ended": ended})
            self._log.write(f"== {ended}; started again in {wait:g} s\n".encode())
            await asyncio.sleep(wait)

    async def _run(self) -> str:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words, cwd=self._home, env=self._environment, preexec_fn=self._prepare(),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            return f"{self._words[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
        pump = asyncio.create_task(self._pump(process))
        code = await process.wait()
        # What it has started may hold its output open: that is pumped on until it ends, too.
        del pump
        return f"{self._words[0]} ended with {code}"

    def _prepare(self) -> Callable[[], None]:
        parent = os.getpid()

        def prepare() -> None:
            self._limits.apply(os.getppid())
            privileges.die_with(parent)

        return prepare

    async def _pump(self, process: asyncio.subprocess.Process) -> None:
        while process.stdout is not None and (piece := await process.stdout.read(_PIECE)):
            self._log.write(piece)
