"""What a machine on a computer of ours may use: `limits: {memory: 512M, cores: 1.5}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_LEAST = 4 << 20  # bytes of memory: less than that is a slip, like 512 for 512M


class MachineLimits(NamedTuple):
    """Bytes, processors, processes and seconds; None for as many as there are."""

    memory: int | None = None
    cores: float | None = None
    processes: int | None = None
    cpu_seconds: float | None = None
    file_size: int | None = None


def limits_of(section: Mapping[str, Any]) -> MachineLimits:
    """Return the limits of a resource section; raises ValueError, TypeError for what is none."""
    given = section.get("limits") or {}
    if not isinstance(given, Mapping):
        raise ValueError(f"limits is {given!r}; write limits: {{memory: 512M}}")
    said = {name: value for name, value in given.items() if value is not None}
    known = {name: _READ[name](name, said.pop(name)) for name in _READ if name in said}
    if said:
        raise ValueError(f"there is no limit of {', '.join(map(str, said))}; there are {', '.join(_READ)}")
    return MachineLimits(**known)


def _size(name: str, given: Any) -> int:
    if (match := _SIZE.fullmatch(str(given).strip())) is None:
        raise ValueError(f"{name} is {given!r}; write 512M or 2G")
    number, unit = match.groups()
    return int(float(number) * (1 << 10 * " KMGT".index(unit.upper() or " ")))


def _memory(name: str, given: Any) -> int:
    if (size := _size(name, given)) < _LEAST:
        raise ValueError(f"{name} is {given!r}, which is {size} bytes; write 512M or 2G")
    return size


def _positive(name: str, given: Any) -> float:
    number = float(given)
    if not 0 < number < 1e9:
        raise ValueError(f"{name} is {given!r}; write a number over 0")
    return number


def _whole(name: str, given: Any) -> int:
    return int(_positive(name, given))


_READ: Mapping[str, Any] = {
    "memory": _memory,
    "cores": _positive,
    "processes": _whole,
    "cpu_seconds": _positive,
    "file_size": _size,
}
