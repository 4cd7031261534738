"""What is in a dataset: /api/v1/datasets/ID/{rows,columns,file}."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.server.api.attachments import attachment
from shoal.server.api.datasets import PATH, Id, found_dataset
from shoal.server.api.shapes.datasets import ColumnStatisticsList, RowsShape
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import sent
from shoal.storage import datasets
from shoal.storage.datasets import Dataset
from shoal.storage.statistics import Statistics, cells, statistics

router = APIRouter(prefix=PATH, tags=["datasets"])
Reader = Annotated[Actor, Depends(Rule(Action.DATASET_READ))]
LARGEST_OFFSET = 2**63 - 1
# A version of a dataset never changes, so what was counted once stays true.
REMEMBERED = 64
_known: dict[str, tuple[Statistics, ...]] = {}


@router.get(
    "/{dataset}/rows", operation_id="read_dataset_rows", summary="Some of its rows", response_model=RowsShape
)
async def read_rows(
    dataset: Id,
    house: TheHouse,
    actor: Reader,
    offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="rows to skip")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="rows at most")] = 20,
) -> Response:
    """Send rows as they were read, in the file's order; null is a missing value."""
    found = await found_dataset(house, actor, Action.DATASET_READ, dataset)
    rows = await asyncio.to_thread(rows_of, house, found, offset, limit)
    following = offset + len(rows)
    return Json(
        {
            "columns": [column.name for column in found.columns],
            "rows": rows,
            "offset": offset,
            "total": found.rows,
            "next": following if rows and following < found.rows else None,
        }
    )


@router.get(
    "/{dataset}/columns",
    operation_id="read_dataset_columns",
    summary="Its columns, with statistics",
    response_model=ColumnStatisticsList,
)
async def read_columns(dataset: Id, house: TheHouse, actor: Reader) -> Response:
    """Describe each column: gaps, extremes, mean, sd, and a histogram or the most frequent words."""
    found = await found_dataset(house, actor, Action.DATASET_READ, dataset)
    described = await asyncio.to_thread(statistics_of, house, found)
    return Json({"rows": found.rows, "columns": [statistics_view(one) for one in described]})


@router.get(
    "/{dataset}/file",
    operation_id="download_dataset",
    summary="The file as it came",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
)
async def download_file(dataset: Id, house: TheHouse, actor: Reader) -> Response:
    """Send the bytes that were uploaded, to be saved under the dataset's name."""
    found = await found_dataset(house, actor, Action.DATASET_READ, dataset)
    file = await asyncio.to_thread(_original, house, found)
    return await sent(file, "application/octet-stream", attachment(found.name))


def rows_of(house: House, dataset: Dataset, offset: int, limit: int) -> list[list[Any]]:
    """Return rows of a dataset as JSON-able values; blocks."""
    return cells(datasets.open_table(house.storage, dataset), min(offset, dataset.rows), limit)


def statistics_of(house: House, dataset: Dataset) -> tuple[Statistics, ...]:
    """Return the statistics of a dataset's columns, computed once; blocks the first time."""
    if (known := _known.get(dataset.key)) is None:
        known = tuple(statistics(datasets.open_table(house.storage, dataset), dataset.columns))
        while len(_known) >= REMEMBERED:
            _known.pop(next(iter(_known)), None)
        _known[dataset.key] = known
    return known


def statistics_view(one: Statistics) -> dict[str, Any]:
    """Return a column's facts and statistics as JSON-able values."""
    top = None if one.top is None else [{"value": value, "count": count} for value, count in one.top]
    return one.column.as_json() | {"histogram": one.histogram and asdict(one.histogram), "top": top}


def _original(house: House, dataset: Dataset) -> IO[bytes]:
    if dataset.original is None:
        raise NotFound(f"The dataset {dataset.id} came without a file.", id=dataset.id)
    return house.storage.open(dataset.original)


DATASET_PARTS = Face("parts of datasets", router)
