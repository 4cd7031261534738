"""Scores against the number of clusters, a panel for each shape."""

from __future__ import annotations

from typing import Any

import altair as alt

from shoal.studies.figures.encoding import FORMAT, axis, described, empty_panel
from shoal.studies.figures.figure import Data, Figure, Table, columnar
from shoal.studies.figures.grid import grid, panel_modes
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.wording import MINUS, counted, mode, scored

WIDTH, HEIGHT = 290, 200
AXIS_TITLES = {"bic": "BIC, higher is better", "aic": "AIC, higher is better", "both": "BIC and AIC (dashed)"}
COLUMNS = [
    "mode", "k", "fits", "passing", "bic", "bic_low", "bic_high", "aic", "aic_low", "aic_high", "chosen",
    "bic_told", "aic_told", "repeats", "clusters", "icl",
]  # fmt: skip


def scores_data(material: Material) -> Data:
    """Return a row for each shape and k: means, bounds, and words for the tooltip."""
    summary = material.summary
    rows = []
    for name, cells in summary["scores"].items():
        chosen = summary["recommended"].get(name)
        for cell in cells:
            told = [
                f"{scored(cell[one + '_low'], MINUS, ',')} to {scored(cell[one + '_high'], MINUS, ',')}"  # type: ignore[literal-required]
                for one in ("bic", "aic")
            ]
            numbers = [cell[part] for part in COLUMNS[1:10]]  # type: ignore[literal-required]
            repeats = f"{cell['passing']} of {cell['fits']} repeats count"
            clusters = counted(cell["k"], "cluster")
            is_chosen = chosen is not None and chosen["k"] == cell["k"]
            rows.append([name, *numbers, is_chosen, *told, repeats, clusters, cell["icl"]])
    return columnar(COLUMNS, rows)


def scores(material: Material, wish: FigureRequest) -> Figure:
    """Describe the figure."""
    panels = []
    for name in panel_modes(material):
        title = mode(name).capitalize().replace(" ", ", ")
        panels.append((title, _panel(material, name, wish)))
    return Figure("scores", described(grid(panels, shared=["y"])), ("scores",), _table(material))


def _panel(material: Material, name: str, wish: FigureRequest) -> Any:
    if not material.summary["scores"].get(name):
        return empty_panel("No fit of this shape worked.", WIDTH, HEIGHT)
    base = alt.Chart(alt.NamedData("scores"), width=WIDTH, height=HEIGHT)
    base = base.transform_filter(f"datum.mode === '{name}'")
    shown = ("bic", "aic") if wish.criterion == "both" else (wish.criterion,)
    layers = _chosen(base, shown[0])
    hollow = any(not cell["passing"] for cell in material.summary["scores"][name])
    for place, criterion in enumerate(shown):
        layers += _curve(base, criterion, "2" if place else "", wish, material.plan.max_k)[
            : 4 if hollow else 3
        ]
    return alt.layer(*layers)


def _curve(base: Any, criterion: str, style: str, wish: FigureRequest, most: int) -> list[Any]:
    x = _number(most)
    y = (
        alt.Y(criterion, type="quantitative")
        .scale(zero=False)
        .axis(axis(AXIS_TITLES[wish.criterion], format=FORMAT))
    )
    low = alt.Y(f"{criterion}_low", type="quantitative")
    told = [
        alt.Tooltip("clusters", type="nominal", title="Number"),
        alt.Tooltip(criterion, type="quantitative", title=f"{criterion.upper()}, mean", format=",.1f"),
        alt.Tooltip(f"{criterion}_told", type="nominal", title="95% interval"),
        alt.Tooltip("repeats", type="nominal", title="Repeats"),
    ]
    point = base.encode(x=x, y=y, tooltip=told)
    return [
        base.mark_area(style=f"band{style}").encode(x=x, y=low, y2=f"{criterion}_high"),
        base.mark_line(style=f"mean{style}").encode(x=x, y=y),
        point.transform_filter("datum.passing > 0").mark_point(filled=True, style=f"dot{style}", size=36),
        point.transform_filter("datum.passing === 0").mark_point(style=f"ring{style}", size=36),
    ]


def _chosen(base: Any, criterion: str) -> list[Any]:
    here = base.transform_filter("datum.chosen")
    rule = here.mark_rule(style="marker").encode(x=alt.X("k", type="quantitative"))
    number = here.mark_text(style="halo", dy=-14).encode(
        x=alt.X("k", type="quantitative"),
        y=alt.Y(criterion, type="quantitative"),
        text=alt.Text("k", type="nominal"),
    )
    return [rule, number, number.mark_text(style="number", dy=-14)]


def _number(most: int) -> Any:
    step = max(1, -(-most // 12))
    scale = alt.Scale(domain=[0.5, most + 0.5], nice=False)
    ticks = axis("Number of clusters", values=list(range(1, most + 1, step)), format="d", grid=False)
    return alt.X("k", type="quantitative").scale(scale).axis(ticks)


def _table(material: Material) -> Table:
    names = ["shape", "k", "fits", "passing", "bic", "bic_low", "bic_high", "aic", "aic_low", "aic_high"]
    rows = []
    for name, cells in material.summary["scores"].items():
        rows += [[name, *(cell[part] for part in names[1:])] for cell in cells]  # type: ignore[literal-required]
    return Table(names, rows)
