"""Programs of a machine: each leads a group of its own, and what it writes comes through one pipe."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

from shoal.infra.providers.processes.surroundings import Surroundings

REST = 0.05  # seconds in which what a program wrote before its end may still come through the pipe
_PIECE = 1 << 16


async def started(
    words: Sequence[str], around: Surroundings, passed: Sequence[int] = ()
) -> tuple[asyncio.subprocess.Process, AsyncIterator[bytes]]:
    """Start a program and return it with what it and its descendants write, until the last of them ends.

    Raises:
        OSError, ValueError: there is no such program, or it cannot be run.
    """
    output, end = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=around.home,
            env=around.variables,
            preexec_fn=around.prepare,
            pass_fds=tuple(passed),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=end,
            stderr=end,
            start_new_session=True,
        )
    except (OSError, ValueError):
        os.close(output)
        raise
    finally:
        os.close(end)
    return process, _written(output)


async def _written(output: int) -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(output, "rb", 0))
    try:
        while piece := await reader.read(_PIECE):
            yield piece
    finally:
        transport.close()
