"""Scripts that are run in a machine that is a process: children of its supervisor, as all it has."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson

from shoal.infra.providers.processes.programs import REST, started
from shoal.infra.providers.processes.surroundings import Surroundings
from shoal.infra.providers.processes.wire import END, OUTPUT, frame


class Scripts:
    """Run what callers send, as many at a time as there are callers."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._pumps: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Run one caller's script and answer as `wire` says."""
        with suppress(OSError, asyncio.IncompleteReadError):
            size = orjson.loads(await reader.readline())["size"]
            code = await self._run(await reader.readexactly(size), reader, writer)
            writer.write(frame(END, str(code).encode()))
            await writer.drain()
        writer.close()

    async def _run(self, script: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        process, written = await self._started(script)
        pump = asyncio.create_task(self._pump(written, writer))
        self._pumps.add(pump)
        pump.add_done_callback(self._pumps.discard)
        hung_up = asyncio.create_task(reader.read(1))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({hung_up, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        code = await ended
        hung_up.cancel()
        await asyncio.wait({pump}, timeout=REST)
        return code

    async def _started(self, script: bytes) -> tuple[asyncio.subprocess.Process, AsyncIterator[bytes]]:
        held = os.memfd_create("script")
        try:
            with os.fdopen(os.dup(held), "wb") as file:
                file.write(script)
            return await started(("/bin/sh", f"/proc/self/fd/{held}"), self._around, (held,))
        finally:
            os.close(held)

    async def _pump(self, written: AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
        """Hand on what is written; once the caller has its answer, what runs on writes into the log."""
        async for piece in written:
            if writer.is_closing():
                self._around.log.write(piece)
                continue
            writer.write(frame(OUTPUT, piece))
            with suppress(OSError):
                await writer.drain()
