"""The figures of an album as the report's templates need them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from shoal.studies.summary import Summary
from shoal.studies.telling.colours import SLOTS, slot
from shoal.studies.wording import MINUS, measured, mode, percent, scored

MOST_ROWS = 100  # of a figure's table on the page; files have all
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_SCORES = ("bic", "aic", "icl")
_WORDS = {
    "k": "Clusters",
    "bic": "BIC",
    "aic": "AIC",
    "bic_low": "BIC from",
    "bic_high": "BIC to",
    "aic_low": "AIC from",
    "aic_high": "AIC to",
    "label": "In labels.csv",
    "passing": "Count",
    "sd": "Standard deviation",
    "gap": "Gap, sd",
    "adjusted_rand": "Adjusted Rand index",
    "r": "Correlation",
}
# What a reader can change at a figure, beside hiding clusters.
SWITCHES = {
    "scores": ("own", "Own scale for each"),
    "components": ("arrows", "Show columns"),
    "correlation": ("near", "Alike columns together"),
}


def figures_of(album: Mapping[str, Any], base: str) -> dict[str, dict[str, Any]]:
    """Return each figure by name: words, a still picture, a short table, and where its files are."""
    return {entry["name"]: _figure(entry, base) for entry in album["figures"]}


def _figure(entry: Mapping[str, Any], base: str) -> dict[str, Any]:
    name, table = entry["name"], entry["table"]
    width, height = _size(entry["svg"])
    return {
        "name": name,
        "heading": entry["heading"],
        "sentence": entry["sentence"],
        "caption": entry["caption"],
        "still_caption": entry.get("svg_caption", entry["caption"]),
        "picture": f"{base}/figures/{name}.svg" if base else _as_address(entry["svg"]),
        "width": width,
        "height": height,
        "switch": SWITCHES.get(name),
        "heads": [
            (_head(column), _is_number(table["rows"], at)) for at, column in enumerate(table["columns"])
        ],
        "rows": [_row(table["columns"], row) for row in table["rows"][:MOST_ROWS]],
        "left": max(0, len(table["rows"]) - MOST_ROWS),
        "files": f"{base}/figures/{name}" if base else "",
    }


def legend_of(summary: Summary, album: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return every cluster that a figure shows: those of the best fit first, then those of other shapes."""
    sizes = summary["best"]["sizes"] if summary["best"] else []
    highest = max((slot for one in album["modes"] for slot in one["slots"]), default=0) if album else 0
    return [
        {
            "cluster": cluster,
            "slot": (cluster - 1) % len(SLOTS) + 1,
            "colour": slot(cluster).name,
            "size": f"{sizes[cluster - 1]:,}" if cluster <= len(sizes) else "",
        }
        for cluster in range(1, max(len(sizes), highest) + 1)
    ]


def _size(svg: str) -> tuple[int, int]:
    found = _BOX.search(svg)
    return (round(float(found[1])), round(float(found[2]))) if found else (640, 400)


def _as_address(svg: str) -> str:
    """Return a picture as an address: in an image no script runs, and no id meets another picture's."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _head(column: str) -> str:
    return _WORDS.get(column, column[:1].upper() + column[1:] if column.islower() else column)


def _is_number(rows: list[list[Any]], at: int) -> bool:
    return all(row[at] is None or isinstance(row[at], int | float) for row in rows)


def _row(columns: list[str], row: list[Any]) -> list[dict[str, Any]]:
    cells = zip(columns, row, strict=True)
    return [{"text": _shown(name, cell), "number": not isinstance(cell, str)} for name, cell in cells]


def _shown(column: str, cell: Any) -> str:
    if cell is None:
        return "\N{EN DASH}"
    if isinstance(cell, str):
        return mode(cell).capitalize() if column == "shape" else cell
    if isinstance(cell, int):
        return f"{cell:,}".replace("-", MINUS)
    if column == "share":
        return percent(cell)
    return scored(cell, MINUS, ",") if column.startswith(_SCORES) else measured(cell)
