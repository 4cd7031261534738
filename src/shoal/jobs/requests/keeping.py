"""What of a JSON body no database can keep: found before anything else is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

MAX_DEPTH = 64
_LARGEST = 2**63


class Fault(NamedTuple):
    """What is wrong at one place of a body, in words."""

    at: tuple[str | int, ...]
    message: str


def unkeepable(body: Any) -> Iterator[Fault]:
    """Give what cannot be kept: half characters, NUL, endless or huge numbers, too many levels."""
    levels: list[tuple[tuple[str | int, ...], Any]] = [((), body)]
    while levels:
        place, value = levels.pop()
        if (message := _fault(value)) is not None:
            yield Fault(place, message)
        elif isinstance(value, Mapping | list) and len(place) >= MAX_DEPTH:
            yield Fault(place, f"This is more than {MAX_DEPTH} levels deep.")
        elif isinstance(value, Mapping):
            for key, below in value.items():
                if (message := _fault(key)) is not None:
                    yield Fault(place, f"A key in it cannot be kept: {message}")
                levels.append(((*place, key), below))
        elif isinstance(value, list):
            levels.extend(((*place, n), below) for n, below in enumerate(value))


def _fault(value: Any) -> str | None:
    if isinstance(value, str):
        return None if _is_text(value) else "This text holds a NUL character or half of a character."
    if isinstance(value, float) and not isfinite(value):
        return "This is not a finite number."
    if type(value) is int and not -_LARGEST <= value < _LARGEST:
        return "This number has more than 64 bits."
    return None


def _is_text(text: str) -> bool:
    try:
        return "\0" not in text and (text.isascii() or bool(text.encode()))
    except UnicodeEncodeError:
        return False
