"""Centres with their counts as circles: what was sent, and where each stands in a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.server.cluserve.operation import read_json

WIDE, HIGH, LARGEST, EDGE = 800, 480, 60.0, 70
MOST_CENTRES, MOST_COLUMNS = 10_000, 1_000
KEYS = frozenset({"centers", "counts", "columns", "meta"})


@dataclass(frozen=True, slots=True)
class Circle:
    """One cluster: where it stands, how large it is, and what it says."""

    x: float
    y: float
    radius: float
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Circles over one or two columns."""

    circles: Sequence[Circle]
    columns: Sequence[str]
    x: int
    y: int | None
    wide: int = WIDE
    high: int = HIGH


def result_of(body: bytes) -> dict[str, Any]:
    """Return the result in a body: centers, counts, columns and, perhaps, meta.

    Raises:
        InvalidRequest: the body is not JSON.
        InvalidInput: it is no such result.
    """
    given = read_json(body)
    if not isinstance(given, dict) or given.keys() - KEYS or not KEYS - {"meta"} <= given.keys():
        raise InvalidInput("A result has centers, counts, columns and, perhaps, meta.")
    centres, counts, columns = (given[name] for name in ("centers", "counts", "columns"))
    if not all(isinstance(each, list) for each in (centres, counts, columns)):
        raise InvalidInput("centers, counts and columns are lists.")
    if len(centres) != len(counts) or len(centres) > MOST_CENTRES or not 0 < len(columns) <= MOST_COLUMNS:
        raise InvalidInput(f"There are {len(centres)} centers, {len(counts)} counts, {len(columns)} columns.")
    if not all(isinstance(name, str) for name in columns):
        raise InvalidInput("columns are names.")
    for place, centre in enumerate(centres):
        if not _are_numbers(centre) or len(centre) != len(columns):
            raise InvalidInput(f"centers[{place}] is no list of {len(columns)} numbers.")
    if not _are_numbers(counts) or any(count < 0 for count in counts):
        raise InvalidInput("counts are numbers from 0 on.")
    return {"centers": centres, "counts": counts, "columns": columns, "meta": given.get("meta")}


def drawn(result: dict[str, Any], x: int, y: int | None) -> Picture:
    """Return the picture of a result: both axes are square roots, areas are counts.

    Raises:
        InvalidInput: there is no such column.
    """
    columns = result["columns"]
    if max(x, y or 0) >= len(columns):
        raise InvalidInput(f"There are {len(columns)} columns, numbered from 0.")
    centres, counts = result["centers"], result["counts"]
    across = _placed([centre[x] for centre in centres], EDGE, WIDE - EDGE)
    levels = [float(place) for place in range(len(centres))] if y is None else [c[y] for c in centres]
    up = _placed(levels, HIGH - EDGE, EDGE)
    areas = [count / (max(counts) or 1) for count in counts]
    circles = [
        Circle(across[n], up[n], LARGEST * math.sqrt(areas[n]), _words(centres[n], counts[n], columns))
        for n in sorted(range(len(centres)), key=lambda n: -counts[n])
    ]
    return Picture(circles, columns, x, y)


def _placed(values: Sequence[float], first: float, last: float) -> list[float]:
    """Return where values stand between two ends, on a scale of square roots that keeps signs."""
    roots = [math.copysign(math.sqrt(abs(value)), value) for value in values]
    low, high = min(roots, default=0.0), max(roots, default=0.0)
    wide = high - low or 1.0
    return [first + (last - first) * ((root - low) / wide if high > low else 0.5) for root in roots]


def _words(centre: Sequence[float], count: float, columns: Sequence[str]) -> str:
    values = ", ".join(f"{name} {value:g}" for name, value in zip(columns[:8], centre[:8], strict=False))
    return f"{count:g} rows: {values}"


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
