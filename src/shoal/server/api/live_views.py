"""How live tasks look in replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.live.model import LiveTask, Summary
from shoal.live.plain import plain
from shoal.live.states import State
from shoal.live.tasks import Change, LiveEvent

View = dict[str, Any]
SAME = ("id", "owner", "run", "dim", "rows", "pushed", "created", "changed", "played", "ended")
EVENT = ("seq", "run", "row", "kind", "detail", "at")


def state_of(task: LiveTask) -> str:
    """Return the state in our words: an end by an error is `failed`."""
    return "failed" if task.failed else task.state.value


def live_line(task: LiveTask, summary: Summary | None) -> View:
    """Return what a list shows of a task."""
    # What was found before the last initialisation is out of date, unless it ended there.
    current = summary if summary is not None and summary.run == task.run else None
    return {name: getattr(task, name) for name in SAME} | {
        "name": task.wish.name,
        "state": state_of(task),
        "error": task.error._asdict() if task.error is not None and task.state is State.FINISHED else None,
        "iterations": current.iterations if current else 0,
        "clusters": len(current.clusters) if current else None,
    }


def live_view(task: LiveTask, summary: Summary | None) -> View:
    """Return everything about a task but its rows."""
    return live_line(task, summary) | {"wish": plain(task.wish), "summary": summary_view(summary)}


def summary_view(summary: Summary | None) -> View | None:
    """Return what a task has found; the task's id is left out."""
    if summary is None:
        return None
    return {
        "run": summary.run,
        "at": summary.at,
        "row": summary.row,
        "iterations": summary.iterations,
        "pushed": summary.pushed,
        "noise": summary.noise,
        "clusters": [asdict(cluster) for cluster in summary.clusters],
        "metrics": dict(summary.metrics),
    }


def clusters_of(labels: NDArray[np.int32], ids: Sequence[int]) -> NDArray[np.int32]:
    """Return the lasting ids for labels that are places among clusters; -1 stays what is in none.

    A cluster that appeared since the ids were given has none yet.
    """
    known = np.array([-1, *ids], np.int32)
    return known[np.where(labels < len(ids), labels + 1, 0)]


def event_view(event: LiveEvent) -> View:
    """Return something that happened."""
    return {name: getattr(event, name) for name in EVENT}


def change_view(change: Change, task: LiveTask, summary: Summary | None) -> View:
    """Return what is new of a task, with how it is now."""
    return {
        "task": live_line(task, summary),
        "summary": summary_view(summary),
        "event": None if change.event is None else event_view(change.event),
    }
