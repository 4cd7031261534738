"""Fits over all studies: /api/v1/fits, and one with its parameters: /api/v1/studies/ID/fits/FIT."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput, NotFound
from shoal.clustering.modes import MODE_NAMES
from shoal.server import offload
from shoal.server.api.paging import Cursor, Limit, decode, encode, part
from shoal.server.api.shapes.fits import FitDetail, FitPage
from shoal.server.api.studies import Id, found_study
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.studies.model import Fit, Study
from shoal.studies.results.parameters import find
from shoal.studies.results.units import in_file_units
from shoal.studies.store import browsing
from shoal.studies.store.browsing import Direction, FitFilter, FitSort, FitState, Found

router = APIRouter(prefix="/api/v1", tags=["fits"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
FitId = Annotated[int, Path(ge=0, le=10**9, description="the fit's id")]


@router.get("/fits", operation_id="find_fits", summary="Find fits", response_model=FitPage)
async def find_fits(
    house: TheHouse,
    actor: Reader,
    study: Annotated[
        str | None, Query(max_length=64, description="of this study; `last` is the newest")
    ] = None,
    state: Annotated[FitState | None, Query(description="only those that worked, or that failed")] = None,
    covariance: Annotated[list[str] | None, Query(description="any of these shapes", max_length=6)] = None,
    k: Annotated[
        list[Annotated[int, Query(ge=1, le=10**6)]] | None,
        Query(description="any of these numbers of clusters", max_length=100),
    ] = None,
    sort: Annotated[FitSort, Query(description="`created` is the study's")] = "created",
    order: Annotated[
        Direction | None,
        Query(
            description="by default the newest, the best score, or the smallest `fit`, `k`, `seconds` first"
        ),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List the newest run of every fit that has ended and fits every filter; scores are higher-is-better."""
    _check_names(covariance)
    place = decode(cursor, (int, float, type(None)), str, int)

    def find(conn: Connection) -> list[Found]:
        one = None if study is None else found_study(conn, actor, Action.STUDY_READ, study).id
        wanted = FitFilter(None if actor.admin else actor.name, one, state, covariance, k)
        return browsing.find_fits(conn, wanted, sort=sort, order=order, after=place, limit=limit + 1)

    found = await offload.read(house.database, find)
    return part("fits", found, limit, _line, lambda last: encode(*last.place))


@router.get(
    "/studies/{study}/fits/{fit}", operation_id="read_fit", summary="One fit", response_model=FitDetail
)
async def read_fit(study: Id, fit: FitId, house: TheHouse, actor: Reader) -> Response:
    """Describe a fit with its clusters in the file's units; `parameters` is null for one that failed."""

    def look(conn: Connection) -> tuple[Study, Fit]:
        found = found_study(conn, actor, Action.STUDY_READ, study)
        return found, browsing.get_fit(conn, found, fit)

    found, one = await offload.read(house.database, look)
    parameters = await asyncio.to_thread(parameters_view, house, found, one)
    view = {"study": found.id, "study_name": found.name} | one.as_json() | {"parameters": parameters}
    return Json(view)


def parameters_view(house: House, study: Study, fit: Fit) -> dict[str, Any] | None:
    """Return a fit's clusters in the file's units, None when there are none; blocks."""
    if not fit.params:
        return None
    try:
        with house.storage.open(fit.params) as file:
            found = in_file_units(find(file.read(), fit.fit))
    except NotFound:
        return None
    return {
        "columns": list(study.plan.columns or ()),
        "weights": found.weights.tolist(),
        "centers": found.centers.tolist(),
        "form": found.form,
        "tied": found.tied,
        "covariances": found.covariances.tolist(),
    }


def _line(found: Found) -> dict[str, Any]:
    return {"study": found.study, "study_name": found.study_name} | found.fit.as_json()


def _check_names(covariances: list[str] | None) -> None:
    for name in covariances or ():
        if name not in MODE_NAMES:
            words = f"There is no shape {name!r}; there are {', '.join(MODE_NAMES)}."
            problem = {"in": "query", "pointer": "/covariance", "message": words}
            raise InvalidInput(words, errors=[problem])


FITS = Face("fits", router)
