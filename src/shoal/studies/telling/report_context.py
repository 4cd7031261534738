"""What the report says: the same for the page of a server and for the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal import __version__
from shoal.base import clock
from shoal.base.errors import Conflict
from shoal.studies.model import Study
from shoal.studies.summary import Summary
from shoal.studies.telling.answer import answer
from shoal.studies.telling.method import command, method
from shoal.studies.telling.notes import beside_answer
from shoal.studies.telling.report_figures import figures_of, legend_of
from shoal.studies.telling.report_parts import parts_of
from shoal.studies.telling.report_tables import (
    cluster_rows,
    quality_rows,
    score_tables,
    shape_rows,
    whole_row,
    win_rows,
)
from shoal.studies.wording import MINUS, counted, duration, percent, scored

Album = Mapping[str, Any]


def report_context(
    study: Study, album: Album | None, *, base: str = "", trouble: str = "", source: str = ""
) -> dict[str, Any]:
    """Return what `report_body.html.j2` needs, in one name: `report`.

    Args:
        study: a finished study.
        album: its figures (see `figures.album`); None shows tables alone.
        base: the address of the study in the API, for a page; empty for a file that has everything in it.
        trouble: why there is no album.
        source: where a page's script finds the album.

    Raises:
        Conflict: the study has no result.
    """
    if (summary := study.summary) is None:
        raise Conflict(f"The study {study.id} has no result yet.", hint=f"It is {study.state}.")
    shapes, ties = shape_rows(summary)
    found = _head(study, summary) | {
        "base": base,
        "source": source,
        "trouble": trouble,
        "shapes": shapes,
        "ties": ties,
        "wins": win_rows(summary),
        "evidence": _evidence(summary),
        "scores": score_tables(summary),
        "columns": summary["columns"],
        "clusters": cluster_rows(summary),
        "whole": whole_row(summary),
        "quality": quality_rows(summary),
        "between": _between(summary),
        "legend": legend_of(summary, album),
        "modes": album["modes"] if album else [],
        "axes": album["columns"] if album else [],
        "drawn": album["drawn"] if album else 0,
        "figures": figures_of(album, base) if album else {},
        "parts": parts_of(summary),
        "method": method(study, summary),
        "command": command(study),
    }
    return {"report": found}


def _head(study: Study, summary: Summary) -> dict[str, Any]:
    told = answer(summary)
    before, _, after = told.count.partition(told.strong) if told.strong else (told.count, "", "")
    made = clock.now() if study.finished is None else study.finished
    dropped = study.facts["dropped"]
    return {
        "id": study.id,
        "name": study.name,
        "file": study.source["name"],
        "told": told,
        "before": before,
        "after": after,
        "notes": [{"text": note["text"], "act": note.get("act", "")} for note in beside_answer(summary)],
        "rows": counted(summary["rows"], "row"),
        "width": counted(len(summary["columns"]), "column"),
        "fits": counted(summary["fits"], "fit"),
        "took": duration(study.seconds),
        "scaled": "Scaled" if study.plan.scale else "Not scaled",
        "seed": study.plan.seed,
        "dropped": counted(dropped, "row") if dropped else "",
        "repeats": counted(summary["experiments"], "repeat"),
        "clustered": f"{summary['rows']:,}",
        "version": __version__,
        "stamp": clock.isoformat(made),
        "made": clock.to_datetime(made).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _evidence(summary: Summary) -> list[str]:
    rival, stability = summary["rival"], summary["stability"]
    lines = []
    if rival:
        lines.append(f"Gap to {counted(rival['k'], 'cluster')}: {scored(rival['gap'], MINUS)}.")
    if stability and stability["values"]:
        again = f"{len(stability['values'])} re-samplings of {counted(stability['rows'], 'row')}"
        lines.append(
            f"Agreement with {again} (adjusted Rand index): {stability['mean']:.2f} on average, "
            f"{stability['low']:.2f} at least."
        )
    return lines


def _between(summary: Summary) -> str:
    if (certainty := summary["certainty"]) is None:
        return ""
    between, share = certainty["between"], percent(certainty["between"] / summary["rows"])
    return (
        f"{counted(between, 'row')} ({share}) with a certainty below 80%; "
        f"the average certainty is {certainty['mean']:.1%}."
    )
