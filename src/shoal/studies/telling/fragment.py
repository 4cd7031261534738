"""A study in a notebook's cell."""

from __future__ import annotations

from functools import cache

import jinja2

from shoal.studies.summary import Summary
from shoal.studies.telling.answer import answer
from shoal.studies.telling.notes import beside_answer
from shoal.studies.telling.report_tables import cluster_rows, shape_rows


def render_fragment(summary: Summary) -> str:
    """Return the answer, the table of shapes and the clusters as HTML that takes the notebook's own look."""
    shapes, ties = shape_rows(summary)
    return _template().render(
        told=answer(summary),
        notes=[note["text"] for note in beside_answer(summary)],
        shapes=shapes,
        ties=ties,
        columns=summary["columns"],
        clusters=cluster_rows(summary),
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("shoal.studies.telling", "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template("fragment.html.j2")
