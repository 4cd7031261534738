"""The clusters on the first two principal components, in equal units."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from shoal.studies.figures.clusters import MANY, MARK, SMALL_MARK, drawn_note, highest
from shoal.studies.figures.data import component_scores, shown_fit
from shoal.studies.figures.encoding import (
    axis,
    cluster_marks,
    described,
    numbers_at_centres,
    row_tooltip,
    shown_clusters,
)
from shoal.studies.figures.figure import Data, Figure, Table, columnar
from shoal.studies.figures.material import Doubles, Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.wording import percent

WIDTH = 640
HEIGHTS = (260, 640)
ARROWS = 6
REACH = 0.45  # of the narrower span, for the longest arrow


def components(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe the figure; None where there are fewer than two columns."""
    fit, scores = shown_fit(material), component_scores(material)
    found = material.summary.get("components")
    if fit is None or not scores or not found:
        return None
    (x, y), size = _equal_units(*scores)
    titles = [
        f"Component {place} ({percent(share)} of the spread)"
        for place, share in enumerate(found["shares"], 1)
    ]
    place = {
        "x": alt.X("p1", type="quantitative").scale(domain=x, nice=False).axis(axis(titles[0])),
        "y": alt.Y("p2", type="quantitative").scale(domain=y, nice=False).axis(axis(titles[1])),
    }
    layers = [_points(material, fit[0], place, size), *numbers_at_centres(fit[0], "p1", "p2", {})]
    spec = described(alt.layer(*layers, *_arrows()), hides=True)
    spec["params"].append({"name": "arrows", "value": wish.arrows})
    rows = [
        [name, *(axis[place] for axis in found["loadings"][:2])]
        for place, name in enumerate(found["columns"])
    ]
    table = Table(["column", "component 1", "component 2"], rows)
    return Figure("components", spec, ("rows", "centres", "arrows"), table, drawn_note(material))


def arrows_data(material: Material) -> Data:
    """Return where the columns with the longest loadings point, at most 6."""
    scores, found = component_scores(material), material.summary.get("components")
    if not scores or not found:
        return columnar(["name", "x", "y"], [])
    loadings = np.array(found["loadings"][:2]).T
    lengths = np.hypot(*loadings.T)
    reach = REACH * min(np.ptp(scores[0]), np.ptp(scores[1])) / max(lengths.max(), 1e-12)
    longest = np.argsort(-lengths, kind="stable")[:ARROWS]
    rows = [[found["columns"][at], *(reach * loadings[at]).round(4).tolist()] for at in longest.tolist()]
    return columnar(["name", "x", "y"], rows)


def _points(material: Material, field: str, place: dict[str, Any], size: tuple[int, int]) -> Any:
    many = len(material.order) > MANY
    mark, channels = cluster_marks(field, highest(material, field), SMALL_MARK if many else MARK)
    base = alt.Chart(alt.NamedData("rows"), width=size[0], height=size[1])
    told = row_tooltip(material, field, ["certainty"])
    told += [
        alt.Tooltip(f"p{one}", type="quantitative", title=f"Component {one}", format=".2f") for one in (1, 2)
    ]
    return (
        base.transform_filter(shown_clusters(field))
        .mark_point(**mark)
        .encode(**place, **channels, tooltip=told)
    )


def _arrows() -> list[Any]:
    base = alt.Chart(alt.NamedData("arrows")).transform_filter("arrows").transform_calculate(zero="0")
    x, y = alt.X("x", type="quantitative"), alt.Y("y", type="quantitative")
    rule = base.mark_rule(style="arrow").encode(
        x=alt.X("zero", type="quantitative"), y=alt.Y("zero", type="quantitative"), x2="x", y2="y"
    )
    word = base.mark_text(style="halo", dy=-8, fontSize=12).encode(
        x=x, y=y, text=alt.Text("name", type="nominal")
    )
    return [rule, word, word.mark_text(style="number", dy=-8, fontSize=12)]


def _equal_units(first: Doubles, second: Doubles) -> tuple[tuple[list[float], list[float]], tuple[int, int]]:
    """Return the domains and the size at which a unit is as long on both axes."""
    x, y = _domain(first), _domain(second)
    unit = WIDTH / (x[1] - x[0])
    height = min(max((y[1] - y[0]) * unit, HEIGHTS[0]), HEIGHTS[1])
    if height / unit < y[1] - y[0]:  # Too tall: more room at the sides.
        x = _widened(x, WIDTH / height * (y[1] - y[0]))
    else:
        y = _widened(y, height / unit)
    return (x, y), (WIDTH, round(height))


def _domain(values: Doubles) -> list[float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    pad = 0.04 * (high - low) or 1.0
    return [low - pad, high + pad]


def _widened(domain: list[float], span: float) -> list[float]:
    middle = (domain[0] + domain[1]) / 2
    return [middle - span / 2, middle + span / 2]
