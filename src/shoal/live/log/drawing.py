"""Rows of a log as they are drawn: the newest after one, as numbers of half the size."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.live.log.reader import Reader

MOST_POINTS = 100_000


class Drawn(NamedTuple):
    """Rows from number `first` on as they are in the log, and as points (n, d); of series their means."""

    first: int
    rows: Any
    points: NDArray[np.float32]


def window(reader: Reader, first: int, end: int) -> tuple[int, Any]:
    """Return the rows of a log from `first` to before `end`, and the number of the first that is there."""
    chunks = reader.read(first, end - first) if end > first else []
    chunks = [chunk for chunk in chunks if chunk.first < end]
    if not chunks:
        return end, np.empty((0, 0))
    return chunks[0].first, joined([chunk.rows[: end - chunk.first] for chunk in chunks])


def joined(parts: list[Any]) -> Any:
    """Return rows that came apart as one array, or one list of series."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], list):
        return [series for part in parts for series in part]
    return np.concatenate(parts)


def drawn(reader: Reader, since: int, end: int, limit: int) -> Drawn:
    """Return the newest rows from `since` to before `end`, at most `limit` and MOST_POINTS."""
    limit = max(0, min(limit, MOST_POINTS))
    first, rows = window(reader, max(since, end - limit, 0), end)
    points = np.array([each.mean(axis=0) for each in rows]) if isinstance(rows, list) else rows
    return Drawn(first, rows, points.astype(np.float32))
