"""What a machine on a computer of ours may use: `memory: 512M`, `cpus: 1.5`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", re.IGNORECASE)
_LEAST = 4 << 20  # bytes: less than that is a slip, like 512 for 512M


class MachineLimits(NamedTuple):
    """Bytes of memory and a number of processors; None for as much as there is."""

    memory: int | None
    cpus: float | None


def limits_of(section: Mapping[str, Any]) -> MachineLimits:
    """Return the limits of a resource section; raises ValueError for what is none."""
    memory, cpus = section.get("memory"), section.get("cpus")
    return MachineLimits(
        None if memory is None else _bytes(str(memory)), None if cpus is None else _positive(cpus)
    )


def _bytes(text: str) -> int:
    if (match := _SIZE.fullmatch(text.strip())) is None:
        raise ValueError(f"memory is {text!r}; write 512M or 2G")
    number, unit = match.groups()
    size = int(float(number) * (1 << 10 * " KMGT".index(unit.upper() or " ")))
    if size < _LEAST:
        raise ValueError(f"memory is {text!r}, which is {size} bytes; write 512M or 2G")
    return size


def _positive(given: Any) -> float:
    number = float(given)
    if not 0 < number < 10_000:
        raise ValueError(f"cpus is {given!r}; write 1.5")
    return number
