"""Where the clusters are: longitude and latitude in true proportion, without a map."""

from __future__ import annotations

from math import cos, radians

import altair as alt
import numpy as np

from shoal.studies.figures.clusters import MANY, MARK, SMALL_MARK, drawn_note, highest
from shoal.studies.figures.data import shown_fit
from shoal.studies.figures.encoding import (
    axis,
    calculated,
    cluster_marks,
    described,
    numbers_at_centres,
    row_tooltip,
    shown_clusters,
)
from shoal.studies.figures.figure import Figure, Table
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest

WIDTH = 640
HEIGHTS = (200, 700)
POLAR = 85.0  # beyond, a degree of longitude is next to nothing


def places(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe the figure; None without both columns, or without any row that has both."""
    fit = shown_fit(material)
    if fit is None or not material.places:
        return None
    longitude, latitude = (material.values(name) for name in material.places)
    known = np.isfinite(longitude) & np.isfinite(latitude)
    if not known.any():
        return None
    many = len(material.order) > MANY
    mark, channels = cluster_marks(fit[0], highest(material, fit[0]), SMALL_MARK if many else MARK)
    source = dict(zip("xy", map(material.field, material.places), strict=True))
    base = alt.Chart(alt.NamedData("rows"), width=WIDTH, height=_height(longitude[known], latitude[known]))
    zoom = alt.Scale(zero=False, nice=False, padding=12)
    points = calculated(base.transform_filter(shown_clusters(fit[0])), source).mark_point(**mark)
    points = points.encode(
        x=alt.X("x", type="quantitative").scale(zoom).axis(axis("Longitude, degrees")),
        y=alt.Y("y", type="quantitative").scale(zoom).axis(axis("Latitude, degrees")),
        tooltip=row_tooltip(material, fit[0], ["certainty"]),
        **channels,
    )
    chart = alt.layer(points, *numbers_at_centres(fit[0], "x", "y", source))
    return Figure(
        "places",
        described(chart, hides=True),
        ("rows", "centres"),
        _table(material, fit[0]),
        drawn_note(material),
    )


def _height(longitude: np.ndarray, latitude: np.ndarray) -> int:
    """Return the height at which both degrees are true at the middle latitude."""
    middle = min(abs(float(latitude.max() + latitude.min()) / 2), POLAR)
    across = max(float(np.ptp(longitude)) * cos(radians(middle)), 1e-9)
    return round(min(max(WIDTH * float(np.ptp(latitude)) / across, HEIGHTS[0]), HEIGHTS[1]))


def _table(material: Material, field: str) -> Table:
    from shoal.studies.figures.data import centres_data, rows_data

    centres = centres_data(rows_data(material), material)
    axes = [material.field(name) for name in material.places]
    rows = [
        [cluster, centres[axes[0]][at], centres[axes[1]][at]]
        for at, (mode, cluster) in enumerate(zip(centres["mode"], centres["cluster"], strict=True))
        if mode == field
    ]
    return Table(["cluster", *material.places], rows)
