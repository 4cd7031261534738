"""Putting a study to use: /api/v1/studies/ID/{predict,compare,fits.csv}."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import IO, Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.base.settings import Settings
from shoal.server import offload
from shoal.server.api.attachments import SAVED, attachment
from shoal.server.api.datasets import BYTES
from shoal.server.api.shapes.studies import ComparisonShape
from shoal.server.api.studies import Id, found_study
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import nameless, sent, spooled
from shoal.storage.options import ReadOptions
from shoal.storage.reading import read_open_table
from shoal.studies.model import Study
from shoal.studies.results.comparing import Comparison, compare_column, compare_studies
from shoal.studies.results.predicting import predict, write_prediction
from shoal.studies.store import stored
from shoal.studies.telling.exporting import fits_as_csv

PATH = "/api/v1/studies"
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
router = APIRouter(prefix=PATH, tags=["studies"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Mode = Annotated[str | None, Query(max_length=32, description="whose recommended fit; by default the best")]
Raw = Annotated[bool, Query(description="leave cells as they are that a spreadsheet would run")]


@router.post(
    "/{study}/predict",
    operation_id="predict_rows",
    summary="Give new rows their clusters",
    response_class=Response,
    responses=CSV,
    openapi_extra={"requestBody": {"required": True, "content": BYTES}},
)
async def predict_rows(
    study: Id,
    request: Request,
    house: TheHouse,
    actor: Reader,
    name: Annotated[str, Query(max_length=255, description="the file's name")] = "rows",
    delimiter: Annotated[str | None, Query(max_length=16)] = None,
    covariance: Mode = None,
    raw: Raw = False,
) -> Response:
    """Send the rows of the body back with `Label` and `Certainty`, as CSV."""
    found = await _read(house, actor, study)
    limit = house.settings.limits.expanded
    options = ReadOptions(delimiter=delimiter, max_expanded_bytes=limit, scratch=house.spool)
    async with spooled(request, house.spool) as rows:
        labelled = await asyncio.to_thread(
            predicted, house, found, cast(BinaryIO, rows), name, options, covariance, raw
        )
    return await sent(labelled, "text/csv; charset=utf-8", SAVED)


@router.get(
    "/{study}/compare",
    operation_id="compare_study",
    summary="Compare with another study or a column",
    response_model=ComparisonShape,
)
async def compare_study(
    study: Id,
    house: TheHouse,
    actor: Reader,
    other: Annotated[str | None, Query(max_length=64, description="the other study's id")] = None,
    column: Annotated[str | None, Query(max_length=1024, description="a column of the study's file")] = None,
) -> Response:
    """Say how alike the clusters are: the adjusted Rand index and the rows of each pair of groups."""
    if (other is None) == (column is None):
        raise InvalidInput("Name another study or a column, and not both.", hint="?other=ID or ?column=NAME")
    left = await _read(house, actor, study)
    right = await _read(house, actor, other) if other is not None else None
    return Json(await asyncio.to_thread(_compared, house, left, right, column or ""))


@router.get(
    "/{study}/fits.csv",
    operation_id="read_fits_csv",
    summary="Every fit as CSV",
    response_class=Response,
    responses=CSV,
)
async def read_fits_csv(study: Id, house: TheHouse, actor: Reader) -> Response:
    """Send all fits that have ended; scores are higher-is-better."""

    def find(conn: Connection) -> bytes:
        found = found_study(conn, actor, Action.STUDY_READ, study)
        return fits_as_csv(stored.list_fits(conn, found.id))

    content = await offload.read(house.database, find)
    return Response(content, media_type="text/csv; charset=utf-8", headers=attachment("fits.csv"))


async def _read(house: House, actor: Actor, id_: str) -> Study:
    return await offload.read(house.database, lambda conn: found_study(conn, actor, Action.STUDY_READ, id_))


def predicted(
    house: House,
    study: Study,
    rows: BinaryIO,
    name: str,
    options: ReadOptions,
    mode: str | None,
    raw: bool,
) -> IO[bytes]:
    """Return rows with their clusters as CSV in a nameless file, which the caller closes; blocks.

    Raises:
        InvalidInput: the rows cannot be read, or a column is missing.
        NotFound: the study recommends no fit (for this mode).
    """
    with ExitStack() as reading:
        prediction = predict(house.storage, study, read_open_table(rows, name, options, reading), mode)
    with ExitStack() as unless_written:
        file = unless_written.enter_context(nameless(house.spool))
        write_prediction(file, prediction, raw=raw)
        unless_written.pop_all()
    return file


def _compared(house: House, left: Study, right: Study | None, column: str) -> Comparison:
    if right is not None:
        return compare_studies(house.storage, left, right)
    return compare_column(house.storage, left, column)


def study_use_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    return Face(
        "use of studies", router, uploads={("POST", f"{PATH}/{{study}}/predict"): settings.limits.upload}
    )
