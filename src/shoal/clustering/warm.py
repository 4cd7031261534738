"""Compile every kernel once and keep it, or load what is kept: `python -m shoal.clustering.warm`.

Set-up runs this before anything else does, so that no user waits for a compiler; with the word `studies` only
for what studies use, the rest is then compiled by the first server while it waits. A fork server calls
`warm()` before it forks: its children then find every kernel in memory and fit within milliseconds.
"""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from shoal.clustering.kernels.cache import cache_folder

STUDIES = ("shoal.clustering.gaussian_warm", "shoal.clustering.kmeans_warm")
KITCHENS = (
    *STUDIES,
    "shoal.clustering.live_warm",
    "shoal.clustering.mcmc_warm",
    "shoal.clustering.online_warm",
    "shoal.clustering.spaces_warm",
)

_ALL = "all"  # a file in the cache: every kernel is there


def warm(kitchens: Sequence[str] = KITCHENS) -> int:
    """Compile or load every kernel, one process at a time; return how many had to be compiled.

    A family of kernels takes part by a module in `KITCHENS` with a function `warm()`.
    """
    from shoal.clustering.kernels.jit import compiled_count

    before = compiled_count()
    with (cache_folder() / "warm.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in kitchens:
            import_module(name).warm()
        if kitchens is KITCHENS:
            (cache_folder() / _ALL).touch()
    return compiled_count() - before


def is_warm() -> bool:
    """Say whether every kernel has been compiled and kept; costs no import of the compiler."""
    return (cache_folder() / _ALL).exists()


def main() -> None:
    """Warm the kernels; say how long it took if there was something to compile."""
    start = time.perf_counter()
    if compiled := warm(STUDIES if sys.argv[1:] == ["studies"] else KITCHENS):
        sys.stdout.write(f"Compiled {compiled} kernels in {time.perf_counter() - start:.1f} s.\n")


if __name__ == "__main__":
    main()
