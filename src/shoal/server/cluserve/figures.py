"""What a task has found, under the older service's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shoal.live.model import Summary

# Our seconds and microseconds, as the older service's nanoseconds and seconds.
_UNITS = {"duration": ("duration", 1e9), "last_data": ("lastDataTime", 1e-6)}


def figures(summary: Summary | None) -> dict[str, Any]:
    """Return the figures; `duration` in nanoseconds and `lastDataTime` in seconds, as they were there."""
    if summary is None:
        return {"iterations": 0, "pushedData": 0}
    known = {_camel(name): value for name, value in summary.metrics.items() if name not in _UNITS}
    known |= {"iterations": summary.iterations, "pushedData": summary.pushed, "noise": summary.noise}
    known |= _converted(summary.metrics)
    if "rho" in known:
        known["rHo"] = known["rho"]  # an example of the older service's guide reads it so
    return known


def clusters(summary: Summary | None) -> list[dict[str, Any]]:
    """Return what is told of each cluster besides its centre."""
    found = [asdict(cluster) for cluster in summary.clusters] if summary else []
    return [{name: value for name, value in each.items() if name != "centre"} for each in found]


def _converted(metrics: Mapping[str, float]) -> dict[str, int]:
    return {name: int(metrics[ours] * unit) for ours, (name, unit) in _UNITS.items() if ours in metrics}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
