"""How the number columns go together."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from shoal.studies.figures.encoding import axis, described
from shoal.studies.figures.figure import Data, Figure, Table, columnar
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.wording import MINUS

CELL = (18, 56)
SPACE = 560
STRONG = 0.6  # from here on a cell is so dark that light words are read on it
WRITTEN = 12  # columns up to which numbers stand in the cells


def correlation_data(material: Material) -> Data:
    """Return a row for each pair; `left`, `right` are places in the file's order, `near` in the clustered."""
    found = material.summary.get("correlation")
    names = ["a", "b", "r", "left", "right", "near_a", "near_b", "told", "value"]
    if not found:
        return columnar(names, [])
    near = clustered_order(np.array(found["values"], np.float64))
    rows = []
    for i, a in enumerate(found["columns"]):
        for j, b in enumerate(found["columns"]):
            r = found["values"][i][j]
            told = "no value" if r is None else f"{r:.2f}".replace("-", MINUS)
            rows.append([a, b, r, i, j, near[i], near[j], f"{a} and {b}: {told}", "" if r is None else told])
    return columnar(names, rows)


def clustered_order(values: np.ndarray) -> list[int]:
    """Return each column's place when alike columns stand together: by angle in the plane of the first two
    eigenvectors (Friendly 2002).
    """
    known = np.nan_to_num(values)
    _, vectors = np.linalg.eigh((known + known.T) / 2)
    if vectors.shape[1] < 2:
        return list(range(len(known)))
    angles = np.arctan2(vectors[:, -2], vectors[:, -1])
    order = np.argsort(angles, kind="stable")
    gaps = np.diff(np.append(angles[order], angles[order[0]] + 2 * np.pi))
    order = np.roll(order, -(int(gaps.argmax()) + 1))  # Cut the circle where it is widest.
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return [int(place) for place in places]


def correlation(material: Material, wish: FigureRequest) -> Figure | None:
    """Describe the figure; None for fewer than two columns, or where the study does not know."""
    found = material.summary.get("correlation")
    if not found or len(found["columns"]) < 2:
        return None
    count = len(found["columns"])
    side = min(CELL[1], max(CELL[0], SPACE // count))
    base = alt.Chart(alt.NamedData("correlation"), width=alt.Step(side), height=alt.Step(side))
    place: dict[str, Any] = {
        "x": alt.X("b", type="nominal").sort(field="right").axis(axis("", labelAngle=-40)),
        "y": alt.Y("a", type="nominal").sort(field="left").axis(axis("")),
    }
    scale = alt.Scale(domain=[-1, 1], domainMid=0, range="diverging", interpolate="rgb")
    legend = alt.Legend(
        title="Correlation", values=[-1, -0.5, 0, 0.5, 1], format=".1f", gradientLength=min(200, side * count)
    )
    cells = base.mark_rect().encode(
        **place,
        color=alt.Color("r", type="quantitative").scale(scale).legend(legend),
        tooltip=alt.Tooltip("told", type="nominal", title="Columns"),
    )
    layers = [cells]
    if count <= WRITTEN:
        text = alt.Text("value", type="nominal")
        for test, style in ((f"<= {STRONG}", "word"), (f"> {STRONG}", "on-strong")):
            words = base.transform_filter(f"abs(datum.r) {test}").mark_text(style=style)
            layers.append(words.encode(**place, text=text))
    left = found["left_out"]
    caption = f"{count} of {count + left:,} number columns." if left else ""
    rows = [
        [a, b, found["values"][i][j]]
        for i, a in enumerate(found["columns"])
        for j, b in enumerate(found["columns"])
    ]
    return Figure(
        "correlation", described(alt.layer(*layers)), ("correlation",), Table(["a", "b", "r"], rows), caption
    )
