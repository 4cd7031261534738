"""What a live task has found, as its page and the page's stream tell it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from shoal.base import clock
from shoal.live.model import Cluster, Summary
from shoal.live.tasks import LiveEvent
from shoal.server.pages.live.slots import Slots
from shoal.server.pages.live.words import told
from shoal.studies.telling.colours import slot

MILLISECOND = clock.SECOND // 1000
NEW = 60 * clock.SECOND
View = dict[str, Any]


def found_view(summary: Summary, slots: Slots) -> View:
    """Return a summary for scripts: times in milliseconds, numbers as exact as they are drawn."""
    of = slots.of([one.id for one in summary.clusters])
    return {
        "at": summary.at // MILLISECOND,
        "row": summary.row,
        "iterations": summary.iterations,
        "noise": summary.noise,
        "clusters": [
            cluster_view(one, of[one.id]) for one in sorted(summary.clusters, key=lambda one: one.id)
        ],
        "metrics": dict(summary.metrics),
    }


def cluster_view(cluster: Cluster, place: int) -> View:
    """Return a cluster with its colour."""
    return {
        "id": cluster.id,
        "slot": place,
        "name": slot(place).name,
        "rows": cluster.rows,
        "share": cluster.share,
        "born": cluster.born // MILLISECOND,
        "centre": [float(f"{value:.7g}") for value in place_of(cluster)],
    }


def place_of(cluster: Cluster) -> Sequence[float]:
    """Return where a cluster is drawn: its centre, of a series the mean over time."""
    centre = cluster.centre
    if len(centre) and isinstance(centre[0], Sequence):
        return [fmean(column) for column in zip(*centre, strict=True)]
    return centre


def event_view(event: LiveEvent) -> View:
    """Return an event in words."""
    return {"at": event.at // MILLISECOND, "words": told(event)}
