"""Share a pass over the chunks of a data set among threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from shoal.clustering.kernels.packing import CHUNKS


def granted_cpus() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Team:
    """Run a function over ranges of chunks, on the caller's thread or on several.

    Chunks are handed out one by one, so a thread that loses its CPU does not hold up the others. What a
    function computes for a chunk must not depend on the other chunks.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(min(threads, CHUNKS)) if threads > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown()

    def sum(self, function: Callable[[tuple[int, int]], int]) -> int:
        """Return the sum of what `function` returns for ranges (first, end) that cover all chunks."""
        if self._pool is None:
            return function((0, CHUNKS))
        return sum(self._pool.map(function, [(chunk, chunk + 1) for chunk in range(CHUNKS)]))
