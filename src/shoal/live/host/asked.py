"""What the office asks about a task, answered from what its host has in memory and from its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from shoal.live.errors import LiveConflict
from shoal.live.host.course import Course
from shoal.live.host.exported import exported
from shoal.live.host.followed import Followed
from shoal.live.log.drawing import drawn
from shoal.live.plain import wish_of

_SAMPLE = 2000  # newest rows of the frame, by which the width of clusters is told
Said = Mapping[str, Any]


class Answer(NamedTuple):
    """What is added to the answer's header, and its bytes."""

    header: dict[str, Any]
    payload: bytes = b""


def predict(task: Followed, said: Said, payload: bytes) -> Answer:
    """Return labels (int32) and distances or shares (float64) of rows."""
    rows = _rows(said, payload)
    course = _course(task)
    if course is None or not course.found:
        labels, gaps = np.full(len(rows), -1, np.int32), np.full(len(rows), np.nan)
        return Answer({"k": 0, "ids": []}, labels.tobytes() + (b"" if said.get("soft") else gaps.tobytes()))
    chosen = course.prepared(rows, question=True)
    labels = _labels(course, chosen)
    if said.get("soft"):
        shares = _shares(course, chosen)
        return Answer({"k": shares.shape[1], "ids": course.ids}, labels.tobytes() + shares.tobytes())
    return Answer({"ids": course.ids}, labels.tobytes() + _distances(course, chosen, labels).tobytes())


def points(task: Followed, said: Said, payload: bytes) -> Answer:
    """Return the newest rows from `since` on (float32) with their clusters; of series their means."""
    end = task.end
    found = drawn(task.reader, int(said.get("since") or 0), end, int(said["limit"]))
    course = _course(task)
    labels = np.full(len(found.rows), -1, np.int32)
    if course is not None and course.found and len(found.rows):
        labels = _labels(course, course.prepared(found.rows))
    ids = [] if course is None else course.ids
    header = {
        "n": len(found.rows),
        "first": found.first,
        "next": end,
        "dim": found.points.shape[1],
        "ids": ids,
    }
    return Answer(header, found.points.tobytes() + labels.tobytes())


def labels(task: Followed, said: Said, payload: bytes) -> Answer:
    """Return the numbers (int64) of the frame's rows, and their clusters (int32)."""
    course = _course(task)
    if course is None or course.algorithm is None:
        return Answer({"n": 0})
    found = np.asarray(course.algorithm.labels_, np.int32)
    numbers = np.arange(course.row - len(found), course.row, dtype=np.int64)
    return Answer({"n": len(found), "ids": course.ids}, numbers.tobytes() + found.tobytes())


def export(task: Followed, said: Said, payload: bytes) -> Answer:
    """Return everything as NPZ."""
    course = _course(task)
    if course is None or course.algorithm is None:
        raise LiveConflict("not_iterate", task.id)
    return Answer({}, exported(course, task.summary()))


def history(task: Followed, said: Said, payload: bytes) -> Answer:
    """Return the task's numbers over time as JSON."""
    metrics = said.get("metrics") or None
    course = _course(task)
    since, limit = int(said.get("since") or 0), int(said["limit"])
    found = [] if course is None else course.history.since(since, limit, metrics)
    return Answer({}, orjson.dumps(found))


def weigh(task: Followed, said: Said, payload: bytes) -> Answer:
    """Answer nothing when the task can go on as another wish asks; raises InvalidInput when it cannot."""
    if (course := _course(task)) is not None:
        course.weigh(wish_of(said["wish"]), task.reader)
    return Answer({})


ANSWERS = {
    "weigh": weigh,
    "predict": predict,
    "points": points,
    "labels": labels,
    "export": export,
    "history": history,
}


def _course(task: Followed) -> Course | None:
    return task.work.course if task.work is not None else None


def _rows(said: Said, payload: bytes) -> Any:
    numbers = np.frombuffer(payload, "<f8").reshape(-1, int(said["dim"])).astype(np.float64)
    if not (lengths := said.get("lengths")):
        return numbers
    return np.split(numbers, np.cumsum(lengths)[:-1])


def _labels(course: Course, rows: Any) -> NDArray[np.int32]:
    assert course.algorithm is not None
    return np.asarray(course.algorithm.predict(rows), np.int32)


def _distances(course: Course, rows: Any, labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the distance of each row to the centre of its label; NaN where it has none."""
    assert course.algorithm is not None
    centres = course.algorithm.cluster_centers_
    gaps = np.full(len(labels), np.nan)
    for label in np.unique(labels[labels >= 0]):
        places = np.flatnonzero(labels == label)
        own = [rows[place] for place in places] if isinstance(rows, list) else rows[places]
        gaps[places] = course.space.distances(own, centres[label : label + 1])[:, 0]
    return gaps


def _shares(course: Course, rows: Any) -> NDArray[np.float64]:
    """Return to which share (n x k) rows belong to clusters: round ones, equally wide and heavy."""
    assert course.algorithm is not None
    centres = course.algorithm.cluster_centers_
    squares = course.space.distances(rows, centres) ** 2
    own = course.space.distances(course.algorithm.frame_[-_SAMPLE:], centres).min(axis=1) ** 2
    dim = max(1, np.shape(rows[0])[-1]) if len(rows) else 1
    width = max(float(own.mean()) / dim if len(own) else 0.0, 1e-12 * float(squares.max(initial=1.0)), 1e-300)
    weights = np.exp((squares.min(axis=1, keepdims=True) - squares) / (2 * width))
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares
