"""What is asked of a host, and what its answers mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from shoal.live.log.drawing import drawn
from shoal.live.log.reader import Reader
from shoal.live.log.record import Rows
from shoal.live.wire import Frame


class Pushed(NamedTuple):
    """The number of the first of some pushed rows, and how many; a duplicate was there before."""

    first: int
    rows: int
    duplicate: bool


class Predicted(NamedTuple):
    """The clusters of rows (-1: none): with distances to their centres (n), or the shares of all (n x k).

    Labels are places among the clusters, whose lasting ids are `ids`.
    """

    labels: NDArray[np.int32]
    distances: NDArray[np.float64] | None = None
    shares: NDArray[np.float64] | None = None
    ids: Sequence[int] = ()


class Points(NamedTuple):
    """Rows of a frame with their clusters; `next` is from where to ask on.

    Labels are places among the clusters, whose lasting ids are `ids`.
    """

    first: int
    next: int
    rows: NDArray[np.float32]
    labels: NDArray[np.int32]
    ids: Sequence[int] = ()


class Labels(NamedTuple):
    """The rows of the frame by their numbers, with their clusters.

    Labels are places among the clusters, whose lasting ids are `ids`.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int32]
    ids: Sequence[int] = ()


def question(rows: Rows) -> tuple[bytes, dict[str, Any]]:
    """Return rows as a request's payload and header."""
    if isinstance(rows, np.ndarray):
        return np.ascontiguousarray(rows, "<f8").tobytes(), {"n": len(rows), "dim": rows.shape[1]}
    payload = b"".join(np.ascontiguousarray(each, "<f8").tobytes() for each in rows)
    lengths = [len(each) for each in rows]
    return payload, {"n": len(rows), "dim": rows[0].shape[1], "space": "series", "lengths": lengths}


def nowhere(n: int, soft: bool) -> Predicted:
    """Return what rows are told by a task without centres."""
    labels = np.full(n, -1, np.int32)
    return Predicted(labels, shares=np.empty((n, 0))) if soft else Predicted(labels, np.full(n, np.nan))


def unlabelled() -> Labels:
    """Return the clusters of the rows of a task that never ran."""
    return Labels(np.empty(0, np.int64), np.empty(0, np.int32))


def predicted(frame: Frame, n: int, soft: bool) -> Predicted:
    """Return the answer to `predict`."""
    labels = np.frombuffer(frame.payload, "<i4", n)
    rest = np.frombuffer(frame.payload, "<f8", offset=labels.nbytes) if n else np.empty(0)
    ids = tuple(frame.header.get("ids", ()))
    if not soft:
        return Predicted(labels, rest, ids=ids)
    return Predicted(labels, shares=rest.reshape(n, -1) if n else np.empty((0, 0)), ids=ids)


def points(frame: Frame) -> Points:
    """Return the answer to `points`."""
    n, dim = int(frame.header.get("n", 0)), int(frame.header.get("dim") or 0)
    rows = np.frombuffer(frame.payload, "<f4", n * dim).reshape(n, dim)
    labels = np.frombuffer(frame.payload, "<i4", n, rows.nbytes)
    ids = tuple(frame.header.get("ids", ()))
    return Points(int(frame.header["first"]), int(frame.header["next"]), rows, labels, ids)


def unplaced(reader: Reader, since: int, end: int, limit: int) -> Points:
    """Return rows of a log whose task never ran: they are in no cluster. It blocks."""
    found = drawn(reader, since, end, limit)
    return Points(found.first, end, found.points, np.full(len(found.points), -1, np.int32))


def labels(frame: Frame) -> Labels:
    """Return the answer to `labels`."""
    n = int(frame.header.get("n", 0))
    rows = np.frombuffer(frame.payload, "<i8", n)
    ids = tuple(frame.header.get("ids", ()))
    return Labels(rows, np.frombuffer(frame.payload, "<i4", n, rows.nbytes), ids)


def history(frame: Frame) -> list[dict[str, Any]]:
    """Return the answer to `history`."""
    found: list[dict[str, Any]] = orjson.loads(frame.payload or b"[]")
    return found
