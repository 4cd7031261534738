"""Compiling what live tasks need before the first of them asks for it."""

from __future__ import annotations

import asyncio
from time import monotonic

from shoal.clustering.warm import is_warm
from shoal.server.asides import in_process

_COMPILE = "import os; os.nice(10); from shoal.clustering.warm import warm; warm()"
USUAL = 100.0  # seconds that it takes on a machine like ours
_began: float | None = None


def seconds_left() -> float | None:
    """Return about how long compiling still takes, 0 when it is over its time; None when nothing compiles."""
    return None if _began is None else max(0.0, USUAL - (monotonic() - _began))


async def compile_kernels() -> None:
    """Compile the kernels that set-up left for later, in a process that gives way to all others."""
    if await asyncio.to_thread(is_warm):
        return
    global _began
    _began = monotonic()
    try:
        await in_process("-c", _COMPILE)
    finally:
        _began = None
