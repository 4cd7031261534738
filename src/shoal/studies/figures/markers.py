"""The marker of each cluster: colour is never alone in telling clusters apart."""

from __future__ import annotations

from math import cos, pi, sin

from shoal.studies.telling.colours import SLOTS


def _polygon(corners: int, turned: float = 0.0, inner: float | None = None, size: float = 1.0) -> str:
    """Return a regular polygon, or a star with an inner radius, as an SVG path in the -1..1 box."""
    steps = corners * (2 if inner is not None else 1)
    points = []
    for step in range(steps):
        radius = size * (inner if inner is not None and step % 2 else 1.0)
        angle = 2 * pi * step / steps - pi / 2 + turned
        points.append(f"{radius * cos(angle):.3g},{radius * sin(angle):.3g}")
    return f"M{'L'.join(points)}Z"


# One for each slot of the colours, in the same order; words are Vega's own, the others SVG paths.
MARKERS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "cross",
    "triangle-down",
    _polygon(5, size=0.8),
    _polygon(5, inner=0.42),
    _polygon(6, size=0.8),
    "M0,-1L0.5,0L0,1L-0.5,0Z",
    "M-0.8,-0.7L0.8,0.7L0.8,-0.7L-0.8,0.7Z",
    "triangle-left",
)
# From so many clusters on, shapes differ as well.
SHAPES_FROM = 4


def markers(clusters: int) -> list[str]:
    """Return the markers of clusters 1 to so many; they repeat after twelve, and are open there."""
    return [MARKERS[place % len(SLOTS)] for place in range(clusters)]
