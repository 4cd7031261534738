"""How commands say times and take the first few of many."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from shoal.base.clock import SECOND, now

T = TypeVar("T")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def ago(moment: int) -> str:
    """Return how long ago a stored time was: `now`, `3 min ago`, `2 h ago`, `5 d ago`."""
    seconds = (now() - moment) // SECOND
    unit = next(((size, name) for size, name in _UNITS if seconds >= size), None)
    return f"{seconds // unit[0]} {unit[1]} ago" if unit else "now"


def take(many: Iterable[T], count: int) -> list[T]:
    """Return the first few."""
    return list(islice(many, count))
