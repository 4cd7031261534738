"""A task as one NPZ file: for other programs, and to be imported again."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from shoal.clustering.quality import quality
from shoal.clustering.spaces.elements import as_arrays
from shoal.live.host.checkpoints import Saved
from shoal.live.host.course import Course
from shoal.live.host.measuring import WINDOW
from shoal.live.plain import plain

_STATE = "state."


def exported(course: Course, summary: Mapping[str, Any]) -> bytes:
    """Return `rows` of the frame, `labels`, `row_numbers`, `centres`, `counts`, `ids`, and `facts` (JSON).

    The facts are the `wish`, the `summary`, and `quality` over the newest `window` rows, as another program
    can compute it from this file. Members that begin with `state.` are for `imported`.
    """
    algorithm = course.algorithm
    assert algorithm is not None
    frame, labels = algorithm.frame_, np.asarray(algorithm.labels_, np.int32)
    centres: Any = algorithm.cluster_centers_ if course.found else np.empty((0, 0))
    told = quality(frame[-WINDOW:], labels[-WINDOW:], centres, space=course.space) if course.found else {}
    facts = {"wish": plain(course.wish), "summary": summary, "quality": told, "window": WINDOW}
    saved = course.saved(course.row + 1)  # With its rows: where it goes there is no log of them.
    arrays = {
        **as_arrays("rows", frame),
        **as_arrays("centres", centres),
        "labels": labels,
        "row_numbers": np.arange(course.row - len(labels), course.row),
        "counts": np.asarray(algorithm.counts_ if course.found else [], np.float64),
        "ids": np.array(course.ids, np.int64),
        "facts": _bytes(facts),
        f"{_STATE}facts": _bytes(saved.facts),
        f"{_STATE}algorithm": np.frombuffer(saved.algorithm or b"", np.uint8),
        **{f"{_STATE}watch.{name}": array for name, array in saved.arrays.items()},
    }
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def imported(data: bytes) -> Saved:
    """Return the state in an export, to go on from with other rows.

    Raises:
        ValueError, KeyError: these are not the bytes of an export.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        facts = orjson.loads(arrays[f"{_STATE}facts"].tobytes()) | {"row": 0, "recent": [], "history": []}
        watch = {name.removeprefix(f"{_STATE}watch."): arrays[name] for name in arrays if ".watch." in name}
        return Saved(facts, arrays[f"{_STATE}algorithm"].tobytes(), watch)


def _bytes(facts: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(orjson.dumps(facts), np.uint8)
