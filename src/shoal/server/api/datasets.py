"""Datasets: /api/v1/datasets."""

from __future__ import annotations

import asyncio
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base import clock
from shoal.base.settings import Settings
from shoal.server import offload
from shoal.server.api.paging import Cursor, Limit, Text, decode, encode, part
from shoal.server.api.shapes.datasets import DatasetPage, DatasetShape
from shoal.server.api.views import dataset_view
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import spooled
from shoal.storage import datasets
from shoal.storage.datasets import Dataset
from shoal.storage.options import ReadOptions

PATH = "/api/v1/datasets"
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
router = APIRouter(prefix=PATH, tags=["datasets"])
Id = Annotated[str, Path(max_length=64, description="the dataset's id")]
Reader = Annotated[Actor, Depends(Rule(Action.DATASET_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.DATASET_CREATE))]
Remover = Annotated[Actor, Depends(Rule(Action.DATASET_DELETE))]


@router.post(
    "",
    operation_id="create_dataset",
    summary="Upload a file",
    status_code=201,
    response_model=DatasetShape,
    responses={200: {"model": DatasetShape, "description": "The same file is there already."}},
    openapi_extra={"requestBody": {"required": True, "content": BYTES}},
)
async def create_dataset(
    request: Request,
    house: TheHouse,
    actor: Creator,
    name: Annotated[str, Query(max_length=255, description="the file's name")] = "table",
    delimiter: Annotated[
        str | None, Query(max_length=16, description="between values of a text file; found by itself")
    ] = None,
) -> Response:
    """Keep the body as a dataset: CSV, TSV, gzip of these, Parquet or xlsx, told apart by content."""
    limit = house.settings.limits.expanded
    options = ReadOptions(delimiter=delimiter, max_expanded_bytes=limit, scratch=house.spool)
    began = clock.now()
    async with spooled(request, house.spool) as file:
        dataset = await asyncio.to_thread(
            datasets.add, house.database, house.storage, cast(BinaryIO, file), name, options, actor.name
        )
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{dataset.id}"}
    return Json(dataset_view(dataset), 201 if dataset.created >= began else 200, where)


@router.get("", operation_id="list_datasets", summary="List datasets", response_model=DatasetPage)
async def list_datasets(
    house: TheHouse, actor: Reader, q: Text = "", limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List datasets, the newest first; `q` is a part of the name or the beginning of the id."""
    owner = None if actor.admin else actor.name
    before = decode(cursor, int, str)
    found = await offload.read(
        house.database, lambda conn: datasets.list_(conn, owner, limit + 1, before=before, text=q)
    )
    return part("datasets", found, limit, dataset_view, lambda last: encode(last.created, last.id))


@router.get("/{dataset}", operation_id="read_dataset", summary="Read a dataset", response_model=DatasetShape)
async def read_dataset(dataset: Id, house: TheHouse, actor: Reader) -> Response:
    """Describe a dataset and its columns."""
    return Json(dataset_view(await found_dataset(house, actor, Action.DATASET_READ, dataset)))


@router.delete("/{dataset}", operation_id="delete_dataset", summary="Delete a dataset", status_code=204)
async def delete_dataset(dataset: Id, house: TheHouse, actor: Remover) -> Response:
    """Delete a dataset with its files; 409 while a study needs it."""
    await found_dataset(house, actor, Action.DATASET_DELETE, dataset)
    await asyncio.to_thread(datasets.remove, house.database, house.storage, dataset)
    return Response(status_code=204)


async def found_dataset(house: House, actor: Actor, action: Action, id_: str) -> Dataset:
    """Return a dataset that an actor may do something to; raises NotFound and Forbidden."""
    dataset = await offload.read(house.database, lambda conn: datasets.get(conn, id_))
    require(actor, action, Resource("dataset", id_, dataset.owner))
    return dataset


def datasets_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    return Face("datasets", router, uploads={("POST", PATH): settings.limits.upload})
