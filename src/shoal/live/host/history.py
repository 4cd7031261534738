"""What a task's numbers were over time: dense lately, sparse long ago."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

MOST = 3600
Point = dict[str, Any]


class History:
    """Keep at most `most` points; when it is full every second of the older half is forgotten."""

    def __init__(self, points: Iterable[Point] = (), most: int = MOST) -> None:
        self._points = list(points)
        self._most = most

    def add(self, at: int, row: int, iterations: int, clusters: int, metrics: dict[str, float]) -> None:
        """Append a point; times are microseconds."""
        self._points.append(
            {"at": at, "row": row, "iterations": iterations, "clusters": clusters, "metrics": metrics}
        )
        if len(self._points) > self._most:
            half = self._most // 2
            self._points[:half] = self._points[:half:2]

    def since(self, at: int, limit: int, metrics: Collection[str] | None) -> list[Point]:
        """Return at most `limit` of the newest points later than `at`, oldest first; `metrics` chooses."""
        chosen = [point for point in self._points if point["at"] > at][-max(0, limit) :] if limit > 0 else []
        return chosen if metrics is None else [_only(point, metrics) for point in chosen]

    def points(self) -> list[Point]:
        """Return every point, oldest first."""
        return list(self._points)


def _only(point: Point, names: Collection[str]) -> Point:
    metrics = {name: value for name, value in point["metrics"].items() if name in names}
    return point | {"metrics": metrics}
