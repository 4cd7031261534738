"""Compiling what live tasks need before the first of them asks for it."""

from __future__ import annotations

import asyncio
import sys

from shoal.clustering.warm import is_warm

_COMPILE = "import os; os.nice(10); from shoal.clustering.warm import warm; warm()"


async def compile_kernels() -> None:
    """Compile the kernels that set-up left for later, in a process that gives way to all others."""
    if await asyncio.to_thread(is_warm):
        return
    compiler = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", _COMPILE)
    try:
        await compiler.wait()
    finally:
        if compiler.returncode is None:
            compiler.kill()
            await compiler.wait()
