"""A figure by itself: its description with data, theme and title; its table as CSV."""

from __future__ import annotations

import csv
import io
from textwrap import wrap
from typing import Any

from shoal.studies.figures.figure import Data, Figure, as_rows
from shoal.studies.figures.theme import Theme, config

LINE, WIDE_LINE = 96, 150  # letters in a line below the title, by the width of the figure
# Marks in a static picture within a report: each is about a hundred bytes of SVG.
STATIC_ROWS = 1500
STATIC_PANEL_ROWS = 250


def whole(figure: Figure, data: dict[str, Data], theme: Theme) -> dict[str, Any]:
    """Return a description that needs nothing else; the title tells what was not drawn too."""
    line = WIDE_LINE if "concat" in figure.spec else LINE
    subtitle = [part for text in (figure.lead, figure.caption) for part in wrap(text, line)]
    title = {"text": figure.title, "subtitle": subtitle, "fontSize": 17, "anchor": "start", "offset": 16}
    rows = {name: as_rows(data[name]) for name in figure.data}
    padded = {"padding": 16, "config": config(theme)}
    return figure.spec | {"title": title, "datasets": rows} | padded


def static(figure: Figure, data: dict[str, Data]) -> tuple[dict[str, Any], str]:
    """Return a light description for a picture inside a page, with fewer rows, and what to say of these."""
    most = STATIC_PANEL_ROWS if figure.name == "clusters" else STATIC_ROWS
    drawn = len(data["rows"]["row"]) if "rows" in figure.data else 0
    rows = {name: as_rows(data[name]) for name in figure.data}
    if "rows" in rows:
        rows["rows"] = rows["rows"][:most]
    plain = {"datasets": rows, "config": config("light") | {"aria": False}}
    said = f"{most:,} rows drawn{' in each panel' if figure.name == 'clusters' else ''}."
    return figure.spec | plain, said if drawn > most else figure.caption


def as_csv(figure: Figure) -> bytes:
    """Return a figure's table; cells that a spreadsheet would run are made harmless."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(_cell, figure.table.columns))
    for row in figure.table.rows:
        writer.writerow(["" if cell is None else _cell(cell) for cell in row])
    return out.getvalue().encode()


def _cell(cell: Any) -> Any:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") and cell else cell
