"""The words of live tasks: their states, what is to be done in each, what happened, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from types import MappingProxyType
from typing import Any, NamedTuple

from shoal.live.model import LiveTask, Summary, Wish
from shoal.live.states import State
from shoal.live.tasks import LiveEvent
from shoal.server.pages.look import Look
from shoal.studies.wording import counted


class Metric(NamedTuple):
    """A number that is followed over time; `good` says which direction is better."""

    name: str
    label: str
    good: str = ""


FAILED = Look("Failed", "bad", "bad")
LOOKS: Mapping[State, Look] = MappingProxyType(
    {
        State.CREATED: Look("Created", "", "wait"),
        State.INITIALIZING: Look("Initializing", "run", "run"),
        State.READY: Look("Ready", "", "wait"),
        State.RUNNING: Look("Running", "run", "run"),
        State.IDLE: Look("Idle", "", "rest"),
        State.FINISHED: Look("Finished", "ok", "ok"),
    }
)
ALGORITHMS: Mapping[str, str] = MappingProxyType(
    {"mcmc": "MCMC", "kmeans": "K-Means", "streaming": "Streaming"}
)
METRICS = (
    Metric("inertia", "Inertia", "lower is better"),
    Metric("silhouette", "Silhouette", "higher is better"),
    Metric("rows_per_second", "Rows a second"),
    Metric("clusters", "Clusters"),
)
RARE_METRICS = (
    Metric("davies_bouldin", "Davies-Bouldin", "lower is better"),
    Metric("rho", "Acceptance ratio (rho)"),
    Metric("lambda", "Weight of the loss (lambda)"),
    Metric("acceptations", "Accepted moves"),
    Metric("rGibbs", "Gain in log posterior (rGibbs)"),
    Metric("max_distance", "Largest distance"),
)
NO_ROWS = "No rows yet. This task starts with the first row."
COMPILING = "Compiling, once on this machine, what finds clusters: ready {}. Rows are accepted and kept."
FIRST_CLUSTERS = "The first clusters come in a moment."
RUNS = frozenset({State.RUNNING, State.INITIALIZING})


def look_of(task: LiveTask) -> Look:
    """Return how a task's state is shown; a failure is a state of its own for people."""
    return FAILED if task.failed else LOOKS[task.state]


def sentence(task: LiveTask, summary: Summary | None, left: float | None = None) -> str:
    """Say what a state means for a task, or nothing when its numbers say it.

    `left` is in how many seconds what finds clusters is compiled; None when it is.
    """
    if task.failed and task.error is not None:
        return task.error.message
    if task.state is State.FINISHED:
        return "Stopped. Its clusters are kept." if summary and summary.clusters else "Stopped."
    if task.state is State.IDLE:
        return "Paused. Rows are still accepted and kept."
    if task.state is State.READY:
        return _ready(summary)
    if task.state is State.CREATED:
        return "Not started yet. Rows are accepted and kept."
    if not task.rows:
        return NO_ROWS
    if summary and summary.clusters:
        return ""
    return FIRST_CLUSTERS if left is None else COMPILING.format(_in_about(left))


def _in_about(seconds: float) -> str:
    tens = 10 * ceil(seconds / 10)
    return f"in about {tens} s" if tens else "soon"


def _ready(summary: Summary | None) -> str:
    if summary is None or not summary.iterations:
        return "Ready to run."
    return f"Reached its goal ({counted(summary.iterations, 'iteration')})."


def slow(task: LiveTask, summary: Summary | None, most: int) -> str:
    """Say that a task does not come after, or nothing; senders are refused when `most` rows wait."""
    waiting = task.rows - (summary.row if summary else 0)
    if task.state not in RUNS or waiting < most / 2:
        return ""
    return f"{waiting:,} rows wait.{' Senders are told to slow down.' if waiting >= most else ''}"


def clustered(wish: Wish) -> list[str]:
    """Return the names of the columns that are clustered; none while they have no names."""
    others = {*wish.predictions, wish.identifier}
    return list(wish.variables) or [name for name in wish.columns if name not in others]


def names_of(task: LiveTask, summary: Summary | None) -> list[str]:
    """Return what the clustered columns are called; those without a name are numbered."""
    dim = task.dim or _dim(summary)
    return clustered(task.wish) or [f"column {place}" for place in range(1, dim + 1)]


def _dim(summary: Summary | None) -> int:
    if summary is None or not summary.clusters:
        return 0
    centre = summary.clusters[0].centre
    return len(centre[0]) if len(centre) and isinstance(centre[0], Sequence) else len(centre)


def told(event: LiveEvent) -> str:
    """Say what happened: `Clusters 3 and 4 merged into 3`."""
    detail = event.detail
    cluster, other = detail.get("cluster"), detail.get("other")
    match event.kind:
        case "birth":
            return f"Cluster {cluster} born"
        case "death":
            return f"Cluster {cluster} gone"
        case "split":
            return f"Cluster {cluster} split from {other}"
        case "merge":
            return f"Clusters {other} and {cluster} merged into {other}"
        case "drift":
            return _drift(detail)
        case kind:
            return kind.replace("_", " ").capitalize()


def _drift(detail: Mapping[str, Any]) -> str:
    before, after = detail.get("before"), detail.get("after")
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return "Drift: rows are not as they were"
    return f"Drift: rows lie {after:.3g} from their clusters, before {before:.3g}"
