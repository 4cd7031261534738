"""How the end of a program is told."""

from __future__ import annotations

import re
from typing import Any

from shoal.jobs.logs import in_words
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.sandbox.pumping import Ended

_NO_MEMORY = re.compile(rb"MemoryError|bad_alloc|[Oo]ut of memory|[Cc]annot allocate memory|OutOfMemory")


def fault_of(ended: Ended, limits: Limits, last_words: bytes = b"") -> dict[str, Any] | None:
    """Return the error that the end of a program means, None when it ended well."""
    if ended.code == 0 and not ended.over:
        return None
    kind, type_, message = _told(ended, limits, last_words)
    return {"kind": kind, "type": type_, "message": message, "exit_code": ended.code}


def _told(ended: Ended, limits: Limits, last_words: bytes) -> tuple[str, str, str]:
    if ended.over == "memory" or (limits.memory is not None and _NO_MEMORY.search(last_words)):
        return "memory", "MemoryLimit", _ended(f"used more than {in_words(limits.memory or 0)} of memory")
    if ended.over == "processes":
        return "exit", "ProcessLimit", _ended(f"started more than {limits.processes} processes")
    match ended.signal:
        case "":
            return "exit", "ExitCode", f"It ended with exit code {ended.code}."
        case "SIGXCPU":
            used = f"used more than {limits.cpu_seconds:g} s of processor time"
            return "timeout", "ProcessorLimit", _ended(used)
        case "SIGXFSZ":
            return (
                "exit",
                "FileLimit",
                _ended(f"wrote more than {in_words(limits.file_size or 0)} into a file"),
            )
        case name:
            return "exit", "Signal", f"It was ended by the signal {name}."


def _ended(why: str) -> str:
    return f"It {why} and was ended."
