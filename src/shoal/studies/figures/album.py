"""All figures of a study in one file, for the report and the page."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import orjson

from shoal.studies.figures.catalogue import NAMES, WITHOUT_BEST
from shoal.studies.figures.clusters import MANY
from shoal.studies.figures.drawn import DESCRIBED, data_of
from shoal.studies.figures.encoding import panel_title
from shoal.studies.figures.exporting import static
from shoal.studies.figures.figure import Figure
from shoal.studies.figures.material import Material
from shoal.studies.figures.rendering import Renderer
from shoal.studies.figures.request import FigureRequest
from shoal.studies.figures.sampling import rows_note
from shoal.studies.figures.theme import THEMES, config
from shoal.studies.summary import Best

VERSION = 1
# Those whose table says as much: drawing six more panels would keep every study's report waiting.
NO_PICTURE = ("counts",)
TABLE_ROWS = 500


def album(material: Material, renderer: Renderer) -> bytes:
    """Return the album of a study as JSON; pictures are drawn while figures are still being described."""
    found: list[tuple[Figure, Future[bytes] | None, str]] = []
    data: dict[str, Any] = {}
    with ThreadPoolExecutor(1) as press:
        for figure in _figures(material):
            data |= data_of(material, set(figure.data) - set(data))
            spec, said = static(figure, data)
            drawn = None if figure.name in NO_PICTURE else press.submit(renderer.draw, spec, "svg")
            found.append((figure, drawn, said))
        entries = [_entry(figure, svg.result().decode() if svg else "", said) for figure, svg, said in found]
    content = _head(material) | {"data": data, "figures": entries}
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def _figures(material: Material) -> Iterator[Figure]:
    for name in NAMES:
        if name == "fit" or (material.best is None and name not in WITHOUT_BEST):
            continue
        if (figure := DESCRIBED[name](material, FigureRequest(name))) is not None:
            yield figure


def _entry(figure: Figure, svg: str, said: str) -> dict[str, Any]:
    return {
        "name": figure.name,
        "heading": figure.title,
        "sentence": figure.lead,
        "caption": figure.caption,
        "axes": figure.axes,
        "spec": figure.spec,
        "svg": svg,
        "svg_caption": said,
        "table": {
            "columns": figure.table.columns,
            "rows": figure.table.rows[:TABLE_ROWS],
            "rows_left": max(0, len(figure.table.rows) - TABLE_ROWS),
        },
    }


def _head(material: Material) -> dict[str, Any]:
    used, drawn, rows = material.plan.columns or (), len(material.order), material.total
    return {
        "version": VERSION,
        "drawn": drawn,
        "rows": rows,
        "sampled": rows_note(drawn, rows),
        "small": drawn > MANY,
        "columns": [
            {"field": material.field(name), "name": name, "used": name in used} for name in material.columns
        ],
        "columns_left": max(0, len(material.numbers) - len(material.columns)),
        "modes": [
            _mode(material, place, mode, fit) for place, (mode, fit) in enumerate(material.modes.items())
        ],
        "config": {theme: config(theme) for theme in THEMES},
    }


def _mode(material: Material, place: int, mode: str, fit: Best) -> dict[str, Any]:
    best = material.best is not None and material.best["fit"] == fit["fit"]
    return {
        "field": f"m{place}",
        "covariance": mode,
        "k": fit["k"],
        "title": panel_title(mode, fit["k"], fit["bic"], best=best),
        "best": best,
        "slots": material.slots[mode].tolist(),
        "sizes": fit["sizes"],
    }
