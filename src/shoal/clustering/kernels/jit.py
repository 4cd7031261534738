"""Compile the functions that hot loops are written in.

Kernels are serial, release the GIL, and are cached on disk (see `cache`). They state their preconditions and
check nothing: inputs are validated once, by the estimators. NaN is excluded by that validation.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
from numba.core.caching import FunctionCache
from numba.extending import intrinsic as _intrinsic

from shoal.clustering.kernels.cache import cache_folder, writing

P = ParamSpec("P")
R = TypeVar("R")

# No NaN, no signed zeros, fused multiply-add, reciprocals; infinities keep their meaning.
FAST = frozenset({"nnan", "nsz", "contract", "arcp"})
# Loops that sum scalars also need leave to reorder the sum, or they are not vectorised.
REORDER = FAST | {"reassoc"}


class _Writing:
    """Count what this process compiled, and say whether it may keep it."""

    compiled = 0
    allowed = True

    @classmethod
    def forbid(cls) -> None:
        """Make this process load compiled kernels only."""
        cls.allowed = False


# A forked child's state may be half of a write of its parent's: it compiles for itself, and keeps nothing.
os.register_at_fork(after_in_child=_Writing.forbid)


def compiled_count() -> int:
    """Return how many kernel signatures this process had to compile."""
    return _Writing.compiled


class _LockedCache(FunctionCache):
    """Keep compiled code on disk, with one writer at a time and none among forked children."""

    def save_overload(self, sig: Any, data: Any) -> None:
        _Writing.compiled += 1
        if _Writing.allowed:
            with writing():
                super().save_overload(sig, data)


def _new_cache(function: Callable[..., Any]) -> _LockedCache:
    """Open the cache of a function in our folder, leaving numba's setting for others as it was."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        return _LockedCache(function)
    finally:
        numba.config.CACHE_DIR = before


def _compile(function: Callable[P, R], flags: frozenset[str]) -> Callable[P, R]:
    dispatcher = numba.njit(nogil=True, fastmath=set(flags))(function)
    dispatcher._cache = _new_cache(function)
    return dispatcher  # type: ignore[no-any-return]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function on its first call (or load it): serial, without the GIL, sums in written order."""
    return _compile(function, FAST)


def summing_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function as `kernel` does, with leave to reorder sums so that they are vectorised."""
    return _compile(function, REORDER)


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function as `kernel` does, with IEEE arithmetic as written."""
    return _compile(function, frozenset())


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function for kernels from one that returns its signature and a generator of LLVM code.

    Arguments that are literals in the source reach the generator as literal types.
    """
    return _intrinsic(prefer_literal=True)(function)  # type: ignore[no-any-return]
