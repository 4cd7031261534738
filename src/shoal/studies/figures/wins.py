"""How often each number of clusters was chosen, over all shapes and shape by shape."""

from __future__ import annotations

from typing import Any

import altair as alt

from shoal.studies.figures.encoding import axis, described, empty_panel
from shoal.studies.figures.figure import Data, Figure, Table, columnar
from shoal.studies.figures.grid import grid, panel_modes
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.wording import counted, mode

WIDTH, HEIGHT = 640, 220
PANEL = (290, 130)


def wins_data(material: Material) -> Data:
    """Return a row for each number of clusters: the repeats that chose it."""
    of = material.summary["experiments"]
    rows = []
    for k in range(1, material.plan.max_k + 1):
        times = material.summary["wins"].get(str(k), 0)
        rows.append([k, times, f"{counted(k, 'cluster')}: {times} of {counted(of, 'repeat')}"])
    return columnar(["k", "times", "told"], rows)


def counts_data(material: Material) -> Data:
    """Return a row for each shape and number of clusters: the repeats that count."""
    rows = []
    for name, cells in material.summary["scores"].items():
        for cell in cells:
            told = f"{counted(cell['k'], 'cluster')}: {cell['passing']} of {counted(cell['fits'], 'repeat')}"
            rows.append([name, cell["k"], cell["passing"], told])
    return columnar(["mode", "k", "times", "told"], rows)


def wins(material: Material, wish: FigureRequest) -> Figure:
    """Describe how often each number won."""
    data = wins_data(material)
    table = Table(["k", "repeats"], [list(row) for row in zip(data["k"], data["times"], strict=True)])
    base = alt.Chart(alt.NamedData("wins"), width=WIDTH, height=HEIGHT)
    return Figure("wins", described(_bars(base, "Repeats that chose it", material)), ("wins",), table)


def counts(material: Material, wish: FigureRequest) -> Figure:
    """Describe how many fits count, shape by shape."""
    data = counts_data(material)
    panels = []
    for name in panel_modes(material):
        title = mode(name).capitalize().replace(" ", ", ")
        base = alt.Chart(alt.NamedData("counts"), width=PANEL[0], height=PANEL[1])
        panel = _bars(base.transform_filter(f"datum.mode === '{name}'"), "Repeats that count", material)
        if not material.summary["scores"].get(name):
            panel = empty_panel("No fit of this shape worked.", *PANEL)
        panels.append((title, panel))
    rows = [list(row) for row in zip(data["mode"], data["k"], data["times"], strict=True)]
    return Figure(
        "counts", described(grid(panels, shared=["y"])), ("counts",), Table(["shape", "k", "repeats"], rows)
    )


def _bars(base: Any, title: str, material: Material) -> Any:
    x = alt.X("k", type="ordinal").axis(axis("Number of clusters", labelAngle=0, labelOverlap=True))
    top = alt.Scale(domain=[0, material.summary["experiments"] * 1.1], nice=False)
    y = alt.Y("times", type="quantitative").scale(top).axis(axis(title, format="d", tickMinStep=1))
    bars = base.mark_bar(style="bar").encode(
        x=x, y=y, tooltip=alt.Tooltip("told", type="nominal", title="Repeats")
    )
    number = base.transform_filter("datum.times > 0").mark_text(style="word", dy=-8)
    return alt.layer(bars, number.encode(x=x, y=y, text=alt.Text("times", type="quantitative")))
