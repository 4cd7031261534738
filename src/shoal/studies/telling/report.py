"""The report of a study as one file that needs nothing else: no network, no server."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2

from shoal.studies.model import Study
from shoal.studies.telling.report_context import Album, report_context
from shoal.studies.telling.report_parts import album_to_embed, embedded, policy, scripts, style


def render_report(
    study: Study, document: Mapping[str, Any], album: Album | None = None, *, trouble: str = ""
) -> str:
    """Return the file of a finished study.

    Args:
        study: the study.
        document: see `document`; it is embedded as JSON, without its table of fits.
        album: the figures, see `figures.album`; without them the file has tables and no script.
        trouble: why there are no figures.

    Raises:
        Conflict: the study has no result.
        Unavailable: the script that draws figures cannot be made.
    """
    context = report_context(study, album, trouble=trouble)
    inside = {name: value for name, value in document.items() if name != "fits"}
    frame = {
        "policy": policy() if album else PLAIN_POLICY,
        "style": style(),
        "scripts": scripts() if album else (),
        "album": embedded(album_to_embed(album)) if album else "",
        "parts": embedded(context["report"]["parts"]),
        "document": embedded(inside),
    }
    return _template().render(context | frame)


# Of a file without figures: it has no script.
PLAIN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shoal.studies.telling", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
