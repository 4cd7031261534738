"""Scripts that are run in a machine that is a process: children of its supervisor, as all it has."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import orjson

from shoal.infra.providers.processes.capped_log import CappedLog
from shoal.infra.providers.processes.wire import END, OUTPUT, frame

_PIECE = 1 << 16
_REST = 0.05  # seconds in which what a script wrote before its end may still come through the pipe


class Scripts:
    """Run what callers send, as many at a time as there are callers."""

    def __init__(self, home: Path, environment: Mapping[str, str], log: CappedLog) -> None:
        self._home = home
        self._environment = dict(environment)
        self._log = log
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
        output, end = os.pipe()
        try:
            process = await self._start(script, end)
        finally:
            os.close(end)
        pump = asyncio.create_task(self._pump(output, writer))
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
        await asyncio.wait({pump}, timeout=_REST)
        return code

    async def _start(self, script: bytes, output: int) -> asyncio.subprocess.Process:
        held = os.memfd_create("script")
        try:
            os.write(held, script)
            return await asyncio.create_subprocess_exec(
                "/bin/sh", f"/proc/self/fd/{held}", cwd=self._home, env=self._environment,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                pass_fds=(held,), start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(held)

    async def _pump(self, output: int, writer: asyncio.StreamWriter) -> None:
        """Hand on what is written; once the caller has its answer, what runs on writes into the log."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb", 0)
        )
        try:
            while piece := await reader.read(_PIECE):
                if writer.is_closing():
                    self._log.write(piece)
                    continue
                writer.write(frame(OUTPUT, piece))
                with suppress(OSError):
                    await writer.drain()
        finally:
            transport.close()
