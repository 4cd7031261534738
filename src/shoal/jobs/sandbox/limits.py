"""Bounds of one program, set by the kernel on each of its processes."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoal.jobs.sandbox.terms import Terms

OPEN_FILES = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a program may use; None for no bound. Memory and file sizes are bytes.

    Memory is bounded twice: what each process may have writable, by the kernel; what all of them together
    really use, by the launcher, which looks every few hundredths of a second.
    """

    memory: int | None = None
    cpu_seconds: float | None = None
    processes: int | None = None
    file_size: int | None = None
    cores: int | None = None

    def apply(self, slot: int, others: int = 0, data: int = 0) -> None:
        """Bind this process, and those that it will start; called after a fork.

        `others` processes of the same user and `data` bytes that it has already do not count; `slot` spreads
        programs over the processors.
        """
        _set(resource.RLIMIT_CORE, 0)
        _set(resource.RLIMIT_NOFILE, OPEN_FILES)
        if self.memory is not None:
            _set(resource.RLIMIT_DATA, self.memory + data)
        if self.file_size is not None:
            _set(resource.RLIMIT_FSIZE, self.file_size)
        if self.processes is not None:
            _set(resource.RLIMIT_NPROC, self.processes + others)
        if self.cpu_seconds is not None:
            soft = max(1, int(self.cpu_seconds + 0.999))
            resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 2))
        if self.cores is not None:
            _pin(self.cores, slot)


def wanted(spec: Mapping[str, Any], terms: Terms) -> Limits:
    """Return the limits that a spec asks for, with those of the settings where it asks for none."""
    asked = spec.get("limits") or {}
    given = {name: asked[name] for name in ("memory", "cpu_seconds", "cores") if asked.get(name) is not None}
    usual = Limits(memory=terms.memory, processes=terms.processes, file_size=terms.files_size)
    return replace(usual, **given)


def output_of(spec: Mapping[str, Any], terms: Terms) -> int:
    """Return how many bytes of output are kept."""
    return int((spec.get("limits") or {}).get("output") or terms.output)


def _set(which: int, value: int) -> None:
    _, most = resource.getrlimit(which)
    bound = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (bound, bound))


def _pin(cores: int, slot: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        there = sorted(os.sched_getaffinity(0))
        first = slot * cores % len(there)
        os.sched_setaffinity(0, {there[(first + n) % len(there)] for n in range(min(cores, len(there)))})
