"""What sets the clusters apart: means and spreads, and the distribution of each column."""

from __future__ import annotations

from typing import Any

import altair as alt

from shoal.studies.figures.encoding import (
    FORMAT,
    axis,
    cluster_marks,
    colour,
    described,
    shown_clusters,
    slots_of,
    titled,
)
from shoal.studies.figures.figure import Data, Figure, Table, columnar
from shoal.studies.figures.grid import grid
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.wording import measured

WIDTH = 560
MOST_COLUMNS = 40  # rows of the figure; the table has all
VIOLINS = 12
PANEL = (200, 180)
_WEIGHTS = (0.07, 0.24, 0.38, 0.24, 0.07)  # a normal curve of about one bin
SD_COLUMNS = ["cluster", "column", "place", "gap", "low", "high", "mean", "sd", "size", "told"]


def profiles_data(material: Material) -> Data:
    """Return a row for each cluster and column; `gap` is in standard deviations from the mean of all."""
    summary = material.summary
    rows = []
    for profile in summary["profiles"]:
        for place, (name, spread) in enumerate(list(profile["columns"].items())[:MOST_COLUMNS]):
            whole = summary["whole"][name]["sd"]
            reach = spread["sd"] / whole if whole > 0 else 0.0
            side = "above" if spread["gap"] >= 0 else "below"
            told = (
                f"mean {measured(spread['mean'])}, sd {measured(spread['sd'])}, "
                f"{abs(spread['gap']):.1f} sd {side} all rows"
            )
            middle = spread["gap"]
            edges = [middle, middle - reach, middle + reach, spread["mean"], spread["sd"]]
            rows.append([profile["cluster"], name, place, *edges, profile["size"], told])
    return columnar(SD_COLUMNS, rows)


def distributions_data(material: Material) -> Data:
    """Return, for each column and cluster, the outline of a violin around the cluster's number."""
    found = material.summary.get("distributions") or {}
    rows = []
    for place, (_, spread) in enumerate(list(found.items())[:VIOLINS]):
        step = (spread["high"] - spread["low"]) / max(1, len(spread["counts"][0]))
        tallest = [max(counts) / max(1, sum(counts)) for counts in spread["counts"]]
        for cluster, counts in enumerate(spread["counts"], 1):
            total = max(1, sum(counts))
            for at, number in enumerate(_smooth([0, *counts, 0])):
                half = 0.45 * number / total / (max(tallest) or 1.0)
                value = spread["low"] + (at - 0.5) * step
                rows.append([f"v{place}", cluster, value, cluster - half, cluster + half])
    return columnar(["panel", "cluster", "value", "left", "right"], rows)


def _smooth(counts: list[int]) -> list[float]:
    """Return counts averaged with their neighbours, which keeps their sum but for the ends."""
    padded = [0, 0, *counts, 0, 0]
    return [sum(w * padded[at + i] for i, w in enumerate(_WEIGHTS)) for at in range(len(counts))]


def profiles(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe means and spreads; None without a recommended fit."""
    if not material.summary["profiles"]:
        return None
    clusters, columns = len(material.summary["profiles"]), list(material.summary["whole"])
    mark, channels = cluster_marks("cluster", clusters, 60)
    base = alt.Chart(alt.NamedData("profiles"), width=WIDTH, height=alt.Step(max(8, 16 - clusters)))
    base = base.transform_filter(shown_clusters("cluster"))
    title = "Standard deviations from the mean of all rows"
    rows = {
        "y": alt.Y("column", type="nominal").sort(field="place").axis(axis("", grid=True)),
        "yOffset": alt.YOffset("cluster", type="ordinal").scale(domain=slots_of(clusters)),
    }
    x = alt.X("gap", type="quantitative").axis(axis(title))
    tooltip = [
        alt.Tooltip("cluster", type="nominal", title="Cluster"),
        alt.Tooltip("column", type="nominal", title="Column"),
        alt.Tooltip("told", type="nominal", title="Rows"),
    ]
    ranges = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low", type="quantitative").axis(axis(title)),
        x2="high",
        color=colour("cluster", clusters),
        **rows,
    )
    dots = base.mark_point(**mark).encode(x=x, tooltip=tooltip, **channels, **rows)
    zero = alt.Chart(alt.sequence(1)).mark_rule(style="zero").encode(x=alt.datum(0))
    chart = alt.layer(zero, ranges, dots)
    left = len(columns) - MOST_COLUMNS
    caption = f"{MOST_COLUMNS} of {len(columns):,} columns; the table has all." if left > 0 else ""
    return Figure("profiles", described(chart, hides=True), ("profiles",), _table(material), caption)


def distributions(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe the violins; None where the study does not know them."""
    found = material.summary.get("distributions")
    if not found:
        return None
    panels = [("", _violins(material, place, name)) for place, name in enumerate(list(found)[:VIOLINS])]
    rows = []
    for name, spread in found.items():
        step = (spread["high"] - spread["low"]) / max(1, len(spread["counts"][0]))
        for cluster, counts in enumerate(spread["counts"], 1):
            for at, number in enumerate(counts):
                rows.append(
                    [name, cluster, spread["low"] + at * step, spread["low"] + (at + 1) * step, number]
                )
    chart = grid(panels, shared=[], columns=min(4, len(panels)))
    all_columns = len(material.plan.columns or ())
    caption = f"{VIOLINS} of {all_columns:,} columns." if all_columns > VIOLINS else ""
    table = Table(["column", "cluster", "from", "to", "rows"], rows)
    return Figure("distributions", described(chart, hides=True), ("distributions",), table, caption)


def _violins(material: Material, place: int, name: str) -> Any:
    clusters = len(material.summary["profiles"])
    base = alt.Chart(alt.NamedData("distributions"), width=PANEL[0], height=PANEL[1])
    base = base.transform_filter(f"datum.panel === 'v{place}'").transform_filter(shown_clusters("cluster"))
    numbers = list(range(1, clusters + 1, max(1, clusters // 8)))
    x = alt.X("left", type="quantitative").scale(domain=[0.4, clusters + 0.6], nice=False)
    y = alt.Y("value", type="quantitative").scale(zero=False).axis(axis(name, format=",.6~g"))
    return base.mark_area(orient="horizontal", opacity=1).encode(
        x=x.axis(axis("Cluster", values=numbers, format="d", grid=False)),
        x2="right",
        y=y,
        color=colour("cluster", clusters),
        tooltip=[
            alt.Tooltip("cluster", type="nominal", title="Cluster"),
            alt.Tooltip("value", type="quantitative", title=titled(name), format=FORMAT),
        ],
    )


def _table(material: Material) -> Table:
    rows = [
        [profile["cluster"], profile["size"], name, spread["mean"], spread["sd"], spread["gap"]]
        for profile in material.summary["profiles"]
        for name, spread in profile["columns"].items()
    ]
    return Table(["cluster", "rows", "column", "mean", "sd", "gap"], rows)
