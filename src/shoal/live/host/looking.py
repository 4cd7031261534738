"""What is told of a task: its clusters, its numbers, and how these were over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from time import perf_counter
from typing import Any

import numpy as np

from shoal.base import clock
from shoal.live.host.course import Course
from shoal.live.host.measuring import Measured, measured
from shoal.live.log.reader import Reader

LEAST_GAP, MOST_GAP = 0.1, 2.0  # seconds between two summaries of a task
LEAST_MEASURE_GAP, MOST_MEASURE_GAP = 0.5, 30.0  # seconds between two measurements of quality
SHARE = 10  # each of both takes at most one part in so many of a host's time, within those bounds


class Looking:
    """Sum up a task from time to time. `crowd` tells how many tasks share the time of the host.

    The next summary is `due`; one for its measurements' sake is at `measure_due`.
    """

    def __init__(self, task: str, crowd: Callable[[], int]) -> None:
        self._crowd = crowd
        self.due = 0.0
        self.measure_due = inf
        self._task = task
        self._measured = Measured()
        self._next_measure = 0.0
        self._rate = _Rate()

    def summary(self, course: Course, reader: Reader, run: int, pushed: int, now: float) -> dict[str, Any]:
        """Return a Summary as a dictionary, and remember its numbers."""
        began = perf_counter()
        self.measure_due = self._next_measure  # If it is not measured now, it is to be soon.
        if now >= self._next_measure:
            self._measured = measured(course, reader)
            spent = perf_counter() - began
            wanted = SHARE * spent * self._crowd()
            self._next_measure = now + min(max(LEAST_MEASURE_GAP, wanted), MOST_MEASURE_GAP)
            self.measure_due = inf
        metrics = self._metrics(course, now)
        clusters = _clusters(course, self._measured)
        at = clock.now()
        course.history.add(at, course.row, course.iterations, len(clusters), metrics)
        wanted = SHARE * (perf_counter() - began) * self._crowd()
        self.due = now + min(max(LEAST_GAP, wanted), MOST_GAP)
        return {
            "task": self._task,
            "run": run,
            "at": at,
            "row": course.row,
            "iterations": course.iterations,
            "pushed": pushed,
            "clusters": clusters,
            "noise": self._measured.noise,
            "metrics": metrics,
        }

    def measure_soon(self) -> None:
        """Let the next summary measure, however short ago that was."""
        self._next_measure = 0.0

    def _metrics(self, course: Course, now: float) -> dict[str, float]:
        own: Mapping[str, float] = course.algorithm.metrics_ if course.found and course.algorithm else {}
        numbers = {name: float(value) for name, value in [*own.items(), *self._measured.metrics.items()]}
        numbers |= {
            "iterations": course.iterations,
            "duration": course.seconds,
            "rows_per_second": self._rate.of(course.row, now),
        }
        if course.last_data is not None:
            numbers["last_data"] = course.last_data
        return {name: value for name, value in numbers.items() if np.isfinite(value)}


class _Rate:
    """How many rows were taken in a second, over about the last two."""

    def __init__(self) -> None:
        self._row: int | None = None
        self._at = self._value = 0.0

    def of(self, row: int, now: float) -> float:
        """Return the rate at a moment at which all before `row` were taken."""
        if self._row is None:
            self._row, self._at = row, now
        elif (passed := now - self._at) >= LEAST_GAP:
            weight = min(1.0, passed / 2)
            self._value += weight * ((row - self._row) / passed - self._value)
            self._row, self._at = row, now
        return max(0.0, self._value)


def _clusters(course: Course, measured: Measured) -> list[dict[str, Any]]:
    if not course.found or course.algorithm is None:
        return []
    counts = np.asarray(course.algorithm.counts_, np.float64)
    whole = max(float(counts.sum()) + measured.noise, 1e-300)
    centres = zip(course.ids, course.algorithm.cluster_centers_, counts.tolist(), strict=False)
    return [
        {
            "id": id,
            "centre": np.asarray(centre).tolist(),
            "rows": rows,
            "share": rows / whole,
            "born": course.born.get(id, 0),
            "radius": measured.radius.get(id),
            "predictions": measured.predictions.get(id, {}),
        }
        for id, centre, rows in centres
    ]
