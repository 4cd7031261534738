"""What figures share: how clusters, axes and tooltips are encoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from shoal.studies.figures.markers import SHAPES_FROM, markers
from shoal.studies.figures.material import Material
from shoal.studies.telling.colours import SLOTS
from shoal.studies.wording import MINUS, counted, mode, scored

# Readers hide clusters in all figures at once: each figure has this parameter, a list of slots.
HIDDEN = "hidden"
TOLD_COLUMNS = 8  # named in a tooltip
FORMAT = ",.6~g"


def described(chart: Any, *, hides: bool = False) -> dict[str, Any]:
    """Return a chart, or a grid of them, as Vega-Lite; `hides` gives it the parameter of hidden clusters."""
    spec: dict[str, Any] = chart if isinstance(chart, dict) else chart.to_dict(validate=False)
    spec.pop("config", None)
    if hides:
        spec["params"] = [{"name": HIDDEN, "value": []}, *spec.get("params", [])]
    return spec


def shown_clusters(field: str) -> str:
    """Return the filter that leaves hidden clusters out."""
    return f"indexof({HIDDEN}, datum.{field}) < 0"


def slots_of(highest: int) -> list[int]:
    """Return the domain of cluster scales; their range, the twelve colours, repeats by itself."""
    return list(range(1, highest + 1))


def colour(field: str, highest: int) -> Any:
    """Return the colour of a cluster by its slot."""
    return alt.Color(field, type="nominal").scale(domain=slots_of(highest)).legend(None)


def cluster_marks(field: str, highest: int, size: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the mark and the channels of rows coloured by cluster: shapes too from four clusters on."""
    channels: dict[str, Any] = {}
    if highest >= SHAPES_FROM:
        scale = alt.Scale(domain=slots_of(highest), range=markers(highest))
        channels["shape"] = alt.Shape(field, type="nominal").scale(scale).legend(None)
    if highest <= len(SLOTS):
        return {"filled": True, "opacity": 1, "size": size}, {"color": colour(field, highest)} | channels
    # More clusters than colours: the repeated ones are open.
    scale = alt.Scale(domain=slots_of(highest))
    paint = alt.Fill(field, type="nominal").scale(scale).legend(None)
    channels["fill"] = alt.condition(f"datum.{field} <= {len(SLOTS)}", paint, alt.value("transparent"))
    channels["stroke"] = alt.Stroke(field, type="nominal").scale(scale).legend(None)
    return {"filled": False, "opacity": 1, "size": size, "strokeWidth": 1.5}, channels


def axis(title: str, *, ticks: bool = True, **options: Any) -> Any:
    """Return an axis; its title is text, whatever signs it has."""
    return alt.Axis(title=title or None, labels=ticks, ticks=ticks, **options)


def titled(name: str) -> str:
    """Return a column's name for a tooltip, where `title` and `image` would mean something."""
    return f"{name}\N{NO-BREAK SPACE}" if name.lower() in ("title", "image") else name


def row_tooltip(material: Material, cluster: str, fields: Sequence[str]) -> list[Any]:
    """Return what a row tells: its number, its cluster, the columns it is clustered by, and its certainty."""
    told = [
        alt.Tooltip("row", type="quantitative", title="Row", format=","),
        alt.Tooltip(cluster, type="nominal", title="Cluster"),
    ]
    for column in [name for name in material.columns if name in (material.plan.columns or ())][:TOLD_COLUMNS]:
        told.append(
            alt.Tooltip(material.field(column), type="quantitative", title=titled(column), format=FORMAT)
        )
    if "certainty" in fields:
        told.append(alt.Tooltip("certainty", type="quantitative", title="Certainty", format=".1%"))
    return told


def numbers_at_centres(where: str, x: str, y: str, source: dict[str, str]) -> list[Any]:
    """Return layers that write each cluster's number at its centre, with a rim to be read on any colour."""
    base = alt.Chart(alt.NamedData("centres")).transform_filter(f"datum.mode === '{where}'")
    base = base.transform_filter(shown_clusters("cluster"))
    base = calculated(base, source)
    place = {
        "x": alt.X(x, type="quantitative"),
        "y": alt.Y(y, type="quantitative"),
        "text": alt.Text("cluster", type="nominal"),
    }
    return [base.mark_text(style=style).encode(**place) for style in ("halo", "number")]


def calculated(chart: Any, source: dict[str, str]) -> Any:
    """Return a chart whose `x` and `y` are those fields: what a page replaces to change an axis."""
    for name, origin in source.items():
        chart = chart.transform_calculate(**{name: f"datum.{origin}"})
    return chart


def panel_title(covariance: str, k: int, bic: float, *, best: bool) -> str:
    """Return `Diagonal, tied: 3 clusters, BIC -4,429.0 (best)`, with a real minus."""
    shape, tied = mode(covariance).split(" ")
    end = " (best)" if best else ""
    return f"{shape.capitalize()}, {tied}: {counted(k, 'cluster')}, BIC {scored(bic, MINUS, ',')}{end}"


def empty_panel(words: str, width: int, height: int) -> Any:
    """Return a panel that says why it is empty."""
    return (
        alt.Chart(alt.sequence(1), width=width, height=height)
        .mark_text(style="note", limit=width - 10)
        .encode(text=alt.value(words), x=alt.value(width / 2), y=alt.value(height / 2))
    )
