"""An error as lines on standard error: the fact, then the remedy below it; of many faults each one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shoal.base.errors import ShoalError


def error_lines(error: ShoalError) -> Iterator[str]:
    """Yield the lines that tell of an error."""
    faults = error.details.get("faults")
    if not isinstance(faults, list) or not faults:
        yield from _lines(error.message, error.hint)
        return
    for fault in faults:
        yield from _lines(_placed(fault), fault.get("advice") or "")


def _lines(fact: str, remedy: str) -> Iterator[str]:
    yield f"error: {fact}"
    yield from (f"  {line}" for line in remedy.splitlines())


def _placed(fault: dict[str, Any]) -> str:
    """Return a fault behind its place: `infra.yaml:12: ...`, or the place in the description."""
    place = fault.get("file") or fault.get("pointer") or ""
    line = fault.get("line")
    return ": ".join(filter(None, [f"{place}:{line}" if line is not None else place, fault["message"]]))
