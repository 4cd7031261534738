"""The report of a study as one page that needs nothing else: no network, no server, no script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
import orjson
from markupsafe import Markup

from shoal import __version__
from shoal.base import clock
from shoal.base.errors import Conflict
from shoal.studies.model import Study
from shoal.studies.summary import Summary
from shoal.studies.telling.answer import Answer, answer
from shoal.studies.telling.colours import SLOTS
from shoal.studies.telling.method import command, method
from shoal.studies.telling.notes import beside_answer
from shoal.studies.telling.report_tables import cluster_rows, score_tables, shape_rows, whole_row, win_rows
from shoal.studies.wording import MINUS, counted, duration, percent, scored


def render_report(study: Study, document: Mapping[str, Any]) -> str:
    """Return the page of a finished study; `document` is embedded as JSON, without its table of fits.

    Raises:
        Conflict: the study has no result.
    """
    if study.summary is None:
        raise Conflict(f"The study {study.id} has no result yet.")
    return _template().render(_context(study, study.summary, document))


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("shoal.studies.telling", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.globals["style"] = Markup(_style(environment))
    return environment.get_template("report.html.j2")


def _style(environment: jinja2.Environment) -> str:
    source, _, _ = environment.loader.get_source(environment, "report.css")  # type: ignore[union-attr]
    light = "".join(f".slot{place}{{background:{slot.light}}}" for place, slot in enumerate(SLOTS, 1))
    dark = "".join(f".slot{place}{{background:{slot.dark}}}" for place, slot in enumerate(SLOTS, 1))
    return f"{source}{light}@media (prefers-color-scheme:dark){{@media not print{{{dark}}}}}"


def embedded(document: Mapping[str, Any]) -> Any:
    """Return JSON that is safe inside a script element: `<` can not end it."""
    text = orjson.dumps(document).decode().replace("<", "\\u003c")
    return Markup(text)


def _context(study: Study, summary: Summary, document: Mapping[str, Any]) -> dict[str, Any]:
    made = clock.now() if study.finished is None else study.finished
    shapes, ties = shape_rows(summary)
    return _told(answer(summary), summary) | {
        "study": study,
        "summary": summary,
        "rows": counted(summary["rows"], "row"),
        "columns": counted(len(summary["columns"]), "column"),
        "fits": counted(summary["fits"], "fit"),
        "took": duration(study.seconds),
        "dropped": counted(study.facts["dropped"], "row") if study.facts["dropped"] else "",
        "repeats": counted(summary["experiments"], "repeat"),
        "shapes": shapes,
        "ties": ties,
        "wins": win_rows(summary),
        "evidence": _evidence(summary),
        "scores": score_tables(summary),
        "clusters": cluster_rows(summary),
        "whole": whole_row(summary),
        "clustered": f"{summary['rows']:,}",
        "method": method(study, summary),
        "command": command(study),
        "version": __version__,
        "stamp": clock.isoformat(made),
        "made": clock.to_datetime(made).strftime("%Y-%m-%d %H:%M UTC"),
        "document": embedded({name: value for name, value in document.items() if name != "fits"}),
    }


def _told(told: Answer, summary: Summary) -> dict[str, Any]:
    before, _, after = told.count.partition(told.strong) if told.strong else (told.count, "", "")
    acts = [{"text": note["text"], "act": note.get("act", "")} for note in beside_answer(summary)]
    return {"told": told, "before": before, "after": after, "notes": acts}


def _evidence(summary: Summary) -> list[str]:
    rival, stability, certainty = summary["rival"], summary["stability"], summary["certainty"]
    lines = []
    if rival:
        lines.append(f"Gap to {counted(rival['k'], 'cluster')}: {scored(rival['gap'], MINUS)}.")
    if stability and stability["values"]:
        again = f"{len(stability['values'])} re-samplings of {counted(stability['rows'], 'row')}"
        lines.append(
            f"Agreement with {again} (adjusted Rand index): {stability['mean']:.2f} on average, "
            f"{stability['low']:.2f} at least."
        )
    if certainty:
        between, share = certainty["between"], percent(certainty["between"] / summary["rows"])
        lines.append(
            f"{counted(between, 'row')} ({share}) with a certainty below 80%; "
            f"the average certainty is {certainty['mean']:.1%}."
        )
    return lines
