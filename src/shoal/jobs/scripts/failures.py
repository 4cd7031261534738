"""What went wrong in a user's function, as JSON: without our own frames, which say nothing to its author."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from shoal.base.errors import ShoalError
from shoal.jobs.scripts.plain_values import sound

_OURS, _IMPORTING = Path(__file__).parent, Path(importlib.__file__).parent
_LONGEST = 20_000


def failure_of(error: BaseException) -> dict[str, Any]:
    """Return `{"error": {"kind", "type", "message", "traceback"}}`.

    Our own errors have `hint`, `code` and their details; a refusal, which is said in words, no traceback.
    """
    kind = _kind(error)
    facts: dict[str, Any] = {
        "kind": kind,
        "type": type(error).__name__,
        "message": sound(_message(error)[:_LONGEST]),
    }
    if isinstance(error, ShoalError):
        facts |= {**error.details, "hint": error.hint, "code": error.error_code}
    if kind != "refused":
        facts["traceback"] = trace_of(error)
    return {"error": facts}


def _kind(error: BaseException) -> str:
    if isinstance(error, ShoalError) and error.status < 500:
        return "refused"  # The same input would be refused again.
    return "memory" if isinstance(error, MemoryError) else "error"


def _message(error: BaseException) -> str:
    if isinstance(error, ShoalError):
        return error.message
    if isinstance(error, SystemExit):
        return f"It ended itself with exit code {error.code}."
    try:
        return str(error)
    except Exception:
        return f"({type(error).__name__} cannot be shown)"


def trace_of(error: BaseException) -> str:
    """Return an exception's traceback as text, from where the user's code begins."""
    try:
        lines = traceback.format_exception(type(error), error, _theirs(error.__traceback__))
    except Exception:
        return ""
    return sound("".join(lines)[-_LONGEST:])


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_machinery(file: str) -> bool:
    return file.startswith("<frozen importlib") or Path(file).parent in (_OURS, _IMPORTING)
