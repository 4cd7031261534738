"""How good the clusters are on the newest rows, how wide they are, and what is foretold of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.quality import quality
from shoal.live.host.course import Course
from shoal.live.log.drawing import window
from shoal.live.log.reader import Reader

WINDOW = 20_000  # rows of the frame, the newest, that quality is measured on


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: metrics, rows of the frame that are noise; radius and predictions by cluster id."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    noise: int = 0
    radius: Mapping[int, float] = field(default_factory=dict)
    predictions: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


def measured(course: Course, reader: Reader) -> Measured:
    """Measure the newest rows of a course's frame."""
    if not course.found or course.algorithm is None:
        return Measured()
    labels = np.asarray(course.algorithm.labels_)
    rows, newest = course.algorithm.frame_[-WINDOW:], labels[-WINDOW:]
    centres = course.algorithm.cluster_centers_
    return Measured(
        quality(rows, newest, centres, space=course.space),
        int((labels < 0).sum()),
        _radii(course, rows, newest),
        _predictions(course, reader, newest),
    )


def _radii(course: Course, rows: Any, labels: NDArray[np.int32]) -> dict[int, float]:
    """Return the root of the mean squared distance of each cluster's rows to its centre."""
    assert course.algorithm is not None
    found: dict[int, float] = {}
    for place, (id, centre) in enumerate(zip(course.ids, course.algorithm.cluster_centers_, strict=False)):
        members = np.flatnonzero(labels == place)
        if members.size:
            own = rows[members] if isinstance(rows, np.ndarray) else [rows[member] for member in members]
            gaps = course.space.distances(own, [centre] if isinstance(own, list) else centre[None])
            found[id] = float(np.sqrt(np.mean(gaps**2)))
    return found


def _predictions(course: Course, reader: Reader, labels: NDArray[np.int32]) -> dict[int, dict[str, float]]:
    """Return the mean of each column that is foretold, over the rows of each cluster."""
    columns = course.columns.predictions
    if not columns:
        return {}
    first, rows = window(reader, course.row - len(labels), course.row)
    if first != course.row - len(labels) or not isinstance(rows, np.ndarray):
        return {}
    members = {id: labels == place for place, id in enumerate(course.ids)}
    return {
        id: {name: float(rows[own, column].mean()) for name, column in columns.items()}
        for id, own in members.items()
        if own.any()
    }
