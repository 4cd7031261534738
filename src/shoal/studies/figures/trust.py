"""How far a result can be trusted: certainty of the rows, stability of the clusters."""

from __future__ import annotations

import altair as alt

from shoal.studies.figures.encoding import axis, described
from shoal.studies.figures.figure import Data, Figure, Table, columnar
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.wording import counted

WIDTH = 640
HEIGHTS = {"certainty": 220, "stability": 120}


def certainty_data(material: Material) -> Data:
    """Return the bins from the first that holds a row on."""
    found = material.summary["certainty"]
    if found is None:
        return columnar(["low", "high", "rows", "told"], [])
    counts = found["histogram"]
    first = next((place for place, count in enumerate(counts) if count), 0)
    rows = []
    for place in range(min(first, len(counts) // 2), len(counts)):
        low, high = place / len(counts), (place + 1) / len(counts)
        told = f"{counted(counts[place], 'row')} at {low:.0%} to {high:.0%}"
        rows.append([low, high, counts[place], told])
    return columnar(["low", "high", "rows", "told"], rows)


def stability_data(material: Material) -> Data:
    """Return the re-samplings, dots of like value on top of one another."""
    found = material.summary["stability"]
    if found is None:
        return columnar(["value", "place", "mean"], [])
    heaps: dict[float, int] = {}
    rows = []
    for value in sorted(found["values"]):
        heap = round(value, 2)
        heaps[heap] = heaps.get(heap, 0) + 1
        rows.append([value, heaps[heap], found["mean"]])
    return columnar(["value", "place", "mean"], rows)


def certainty(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe the histogram; None without a recommended fit."""
    if material.summary["certainty"] is None:
        return None
    data = certainty_data(material)
    base = alt.Chart(alt.NamedData("certainty"), width=WIDTH, height=HEIGHTS["certainty"])
    scale = alt.Scale(domain=[min(data["low"]), 1], nice=False)
    top = alt.Scale(domain=[0, 1.12 * max(data["rows"])], nice=False)
    y = alt.Y("rows", type="quantitative").scale(top).axis(axis("Rows", format=",d", tickMinStep=1))
    x = (
        alt.X("low", type="quantitative")
        .scale(scale)
        .axis(axis("Certainty of the row's cluster", format="%"))
    )
    bars = base.mark_bar(style="bar", binSpacing=1).encode(
        x=x.bin("binned"), x2="high", y=y, tooltip=alt.Tooltip("told", type="nominal", title="Rows")
    )
    words = base.transform_filter("datum.rows > 0").transform_calculate(middle="(datum.low + datum.high) / 2")
    number = words.mark_text(style="word", dy=-8).encode(
        x=alt.X("middle", type="quantitative"), y=y, text=alt.Text("rows", type="quantitative", format=",")
    )
    rows = [list(row) for row in zip(data["low"], data["high"], data["rows"], strict=True)]
    table = Table(["from", "to", "rows"], rows)
    return Figure("certainty", described(alt.layer(bars, number)), ("certainty",), table)


def stability(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe the dots; None for one cluster, or without a recommended fit."""
    found = material.summary["stability"]
    if found is None:
        return None
    data = stability_data(material)
    base = alt.Chart(alt.NamedData("stability"), width=WIDTH, height=HEIGHTS["stability"])
    scale = alt.Scale(domain=[min(0.0, found["low"]), 1], nice=False, padding=8)
    title = "Agreement with the clusters of all rows (adjusted Rand index)"
    x = alt.X("value", type="quantitative").scale(scale).axis(axis(title, titleLimit=620))
    y = alt.Y("place", type="quantitative").axis(axis("Re-samplings", format="d", tickMinStep=1, grid=False))
    told = alt.Tooltip("value", type="quantitative", title="Adjusted Rand index", format=".3f")
    dots = base.mark_point(filled=True, style="dot", size=40).encode(
        x=x, y=y.scale(domain=[0, max(data["place"]) + 1], nice=False), tooltip=told
    )
    mean = base.transform_aggregate(mean="mean(value)").mark_rule(style="marker")
    rule = mean.encode(
        x=alt.X("mean", type="quantitative"),
        tooltip=alt.Tooltip("mean", type="quantitative", title="Mean", format=".3f"),
    )
    table = Table(["adjusted_rand"], [[value] for value in found["values"]])
    of = f"{len(found['values'])} re-samplings of {counted(found['rows'], 'row')}."
    return Figure("stability", described(alt.layer(rule, dots)), ("stability",), table, of)
