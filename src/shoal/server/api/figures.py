"""Figures: /api/v1/figures and /api/v1/studies/ID/figures."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.api.shapes.figures import FigureList
from shoal.server.api.studies import Id, found_study
from shoal.server.drawing import album, drawn
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheDraining, TheHouse
from shoal.studies.figures.catalogue import CATALOGUE, FORMATS, MEDIA, WITHOUT_BEST, Format
from shoal.studies.figures.request import Criterion, FigureRequest
from shoal.studies.figures.theme import Theme
from shoal.studies.model import Study

router = APIRouter(prefix="/api/v1", tags=["figures"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Column = Annotated[str, Query(max_length=1024, description="a number column; by default the first two")]
# A picture may name what a file named: no script of it may run, wherever it is opened.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}
DRAWN: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: {} for media in MEDIA.values()}}
}


@router.get("/figures", operation_id="list_figures", summary="What can be drawn", response_model=FigureList)
async def list_figures(actor: Reader) -> Response:
    """List the figures that every study has, with the options that change them."""
    return Json({"figures": [_entry(name) for name in CATALOGUE], "formats": list(FORMATS)})


@router.get(
    "/studies/{study}/figures",
    operation_id="list_study_figures",
    summary="A study's figures",
    response_model=FigureList,
)
async def list_study_figures(study: Id, house: TheHouse, actor: Reader) -> Response:
    """List the figures that a study has, with their addresses below this one."""
    found = await _read(house, actor, study)
    entries = [_entry(name) | {"href": f"figures/{name}.svg"} for name in CATALOGUE if _has(found, name)]
    return Json({"figures": entries, "formats": list(FORMATS)})


@router.get(
    "/studies/{study}/figures/{name}.{form}",
    operation_id="draw_figure",
    summary="One figure",
    response_class=Response,
    responses=DRAWN,
)
async def draw_figure(
    study: Id,
    name: Annotated[str, Path(max_length=64, description="one of the catalogue")],
    form: Annotated[str, Path(max_length=8, description="json, svg, png, pdf or csv")],
    house: TheHouse,
    draining: TheDraining,
    actor: Reader,
    x: Column = "",
    y: Column = "",
    covariance: Annotated[str, Query(max_length=32, description="whose fit; by default the best")] = "",
    criterion: Annotated[Criterion, Query(description="what `scores` shows")] = "bic",
    fit: Annotated[int | None, Query(ge=0, le=10**9, description="the fit, for `fit`")] = None,
    min_members: Annotated[
        int | None, Query(ge=1, le=2**53, description="choose again with this smallest cluster")
    ] = None,
    ticks: Annotated[bool, Query(description="numbers at the axes")] = True,
    arrows: Annotated[bool, Query(description="how columns point, in `components`")] = False,
    theme: Theme = "light",
    scale: Annotated[float, Query(ge=0.25, le=4, description="how large a PNG is")] = 1.5,
) -> Response:
    """Send a figure: Vega-Lite with its data, a picture, or its table. It is drawn once and then kept."""
    found = await _read(house, actor, study)
    wish = FigureRequest(
        name, cast(Format, form), x, y, covariance, criterion, fit, min_members, ticks, arrows, theme, scale
    )
    picture = await drawn(house, draining, found, wish)
    kind = "attachment" if form == "csv" else "inline"
    headers = {"Content-Disposition": f'{kind}; filename="{found.id}-{wish.name}.{form}"'}
    return Response(picture.content, media_type=picture.media, headers=SAFE | headers)


@router.get(
    "/studies/{study}/album.json",
    operation_id="read_album",
    summary="All figures with their data",
    response_model=dict[str, Any],
)
async def read_album(study: Id, house: TheHouse, draining: TheDraining, actor: Reader) -> Response:
    """Send every figure of a study as Vega-Lite, the data they share, and a static picture of each."""
    found = await _read(house, actor, study)
    content = await album(house, draining, found)
    return Response(content, media_type="application/json", headers={"X-Content-Type-Options": "nosniff"})


def _entry(name: str) -> dict[str, Any]:
    entry = CATALOGUE[name]  # type: ignore[index]
    return {"name": name, "heading": entry.heading, "sentence": entry.sentence, "takes": list(entry.takes)}


def _has(study: Study, name: str) -> bool:
    """Say whether a study that ended has what a figure needs; places are known when they are drawn."""
    if study.summary is None:
        return False
    return study.summary["best"] is not None or name in (*WITHOUT_BEST, "fit")


async def _read(house: House, actor: Actor, id_: str) -> Study:
    return await offload.read(house.database, lambda conn: found_study(conn, actor, Action.STUDY_READ, id_))


FIGURES = Face("figures", router)
