"""The job that draws: one figure in one format, or the album of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from shoal.storage.arrow_files import map_table
from shoal.studies.figures.catalogue import MEDIA
from shoal.studies.figures.choosing import Chosen, as_recorded, chosen_again, single_fit
from shoal.studies.figures.rendering import Renderer, lent
from shoal.studies.figures.request import FigureRequest
from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.work.fitting import Work

PICTURES = ("svg", "png", "pdf")


def run(spec: dict[str, Any], context: Work) -> dict[str, Any]:
    """Draw what a job asks for and keep it as a file."""
    wish = FigureRequest.from_json(spec["wish"]) if spec["wish"] else None
    if wish is not None and wish.format not in PICTURES:
        _be_quick()
        return _kept(context, wish, _described(spec, context, wish, None))
    with lent() as renderer:  # It gets ready while we do.
        _be_quick()
        if wish is None:
            from shoal.studies.figures.album import album

            return {
                "artifact": context.artifact("album.json", album(_material(spec, context, None), renderer))
            }
        return _kept(context, wish, _described(spec, context, wish, renderer))


def _kept(context: Work, wish: FigureRequest, content: bytes) -> dict[str, Any]:
    key = context.artifact(f"{wish.name}.{wish.format}", content)
    return {"artifact": key, "media": MEDIA[wish.format]}


def _described(
    spec: Mapping[str, Any], context: Work, wish: FigureRequest, renderer: Renderer | None
) -> bytes:
    from shoal.studies.figures.drawn import data_of, describe
    from shoal.studies.figures.exporting import as_csv, whole

    material = _material(spec, context, wish)
    figure = describe(material, wish)
    if wish.format == "csv":
        return as_csv(figure)
    description = whole(figure, data_of(material, set(figure.data)), wish.theme)
    if renderer is None:
        return orjson.dumps(description, option=orjson.OPT_SERIALIZE_NUMPY)
    return renderer.draw(description, wish.format, wish.scale)


def _be_quick() -> None:
    """Import Altair without its checks of each part: tests check whole descriptions by its schema."""
    from altair.utils import schemapi

    schemapi.disable_debug_mode()


def _material(spec: Mapping[str, Any], context: Work, wish: FigureRequest | None) -> Any:
    from shoal.studies.figures.material import Material

    plan = StudyPlan.from_json(spec["plan"])
    table = map_table(context.files, spec["key"])
    chosen = _chosen(spec, context, plan, wish)
    single = None
    if wish is not None and wish.fit is not None:
        single = single_fit(spec, context, plan, Fit.from_json(spec["fits"][0]))
    return Material(
        name=spec["name"],
        plan=plan,
        summary=chosen.summary,
        table=table,
        rows=chosen.rows,
        labels=chosen.labels,
        certainty=chosen.certainty,
        numbers=tuple(spec["numbers"]),
        asked=tuple(name for name in (wish.x, wish.y) if name) if wish else (),
        single=single,
    )


def _chosen(spec: Mapping[str, Any], context: Work, plan: StudyPlan, wish: FigureRequest | None) -> Chosen:
    recorded = as_recorded(spec, context)
    if wish is None or wish.min_members is None or wish.min_members == plan.min_members:
        return recorded
    fits = [Fit.from_json(row) for row in spec["fits"]]
    return chosen_again(recorded, spec, context, plan, fits, wish.min_members)
