"""What a study found, in files: /api/v1/studies/ID/{fits,study.json,labels.csv}."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import Conflict
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.api.opened import opened_columns
from shoal.server.api.shapes.fits import FitList
from shoal.server.api.studies import Id, found_study
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import nameless, sent
from shoal.storage import datasets
from shoal.storage.export import export_csv
from shoal.studies.model import Fit, Study
from shoal.studies.results.archive import recommended_mode
from shoal.studies.results.outputs import label_columns
from shoal.studies.store import stored
from shoal.studies.telling.document import as_file, document

router = APIRouter(prefix="/api/v1/studies", tags=["studies"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
# Workers may be busy with long fits; a file without its figures would be kept for years.
PATIENCE = 120.0


@router.get("/{study}/fits", operation_id="list_fits", summary="Every fit", response_model=FitList)
async def list_fits(study: Id, house: TheHouse, actor: Reader) -> Response:
    """List the fits that have ended, by id."""
    _, fits = await _with_fits(house, actor, study)
    return Json({"fits": [fit.as_json() for fit in fits]})


@router.get(
    "/{study}/study.json",
    operation_id="read_study_document",
    summary="Everything to check and repeat it",
    response_model=dict[str, Any],
)
async def read_document(study: Id, house: TheHouse, actor: Reader) -> Response:
    """Send what is needed to read, check and repeat a study."""
    found, fits = await _with_fits(house, actor, study)
    content = as_file(document(found, fits))
    return Response(content, media_type="application/json", headers=_attached(found, "study.json"))


@router.get(
    "/{study}/labels.csv",
    operation_id="read_study_labels",
    summary="The cluster of each row",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def read_labels(
    study: Id,
    house: TheHouse,
    actor: Reader,
    covariance: Annotated[
        str | None, Query(max_length=32, description="whose fit; by default the best")
    ] = None,
    opened: Annotated[int | None, Query(ge=1, description="the job that opened another fit")] = None,
    raw: Annotated[bool, Query(description="leave cells as they are that a spreadsheet would run")] = False,
) -> Response:
    """Send the dataset's own columns and `Label`; 409 without a result, 404 when nothing is recommended."""
    found = await offload.read(
        house.database, lambda conn: found_study(conn, actor, Action.STUDY_READ, study)
    )
    file = await asyncio.to_thread(_labels, house, found, covariance, opened, raw)
    return await sent(file, "text/csv; charset=utf-8", _attached(found, "labels.csv"))


def _labels(house: House, study: Study, covariance: str | None, opened: int | None, raw: bool) -> IO[bytes]:
    if study.summary is None:
        raise Conflict(f"The study {study.id} has no result.", hint=f"It is {study.state}.")
    source = study.source
    dataset = house.database.read(lambda conn: datasets.get(conn, source["id"], source["version"]))
    if opened is not None:
        columns = opened_columns(house, study, opened)
    else:
        columns = label_columns(house.storage, study, recommended_mode(study, covariance))
    with ExitStack() as unless_written:
        file = unless_written.enter_context(nameless(house.spool))
        export_csv(house.storage, dataset, file, columns, raw=raw)
        unless_written.pop_all()
    return file


async def _with_fits(house: House, actor: Actor, id_: str) -> tuple[Study, list[Fit]]:
    def find(conn: Connection) -> tuple[Study, list[Fit]]:
        study = found_study(conn, actor, Action.STUDY_READ, id_)
        return study, stored.list_fits(conn, study.id)

    return await offload.read(house.database, find)


def _attached(study: Study, name: str) -> dict[str, str]:
    return attachment(f"{study.id}-{name}")


STUDY_PARTS = Face("parts of studies", router)
