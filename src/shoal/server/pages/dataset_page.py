"""One dataset: its columns, its first rows, its versions, and what was made of it: /app/datasets/ID."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.server import offload
from shoal.server.api.dataset_parts import rows_of, statistics_of
from shoal.server.api.paging import FREE_TEXT
from shoal.server.faces import Face
from shoal.server.pages.address import Address, PageNumber, Pages
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import render
from shoal.server.pages.histograms import bars, words
from shoal.server.pages.study_lines import Line, lines
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.storage import datasets
from shoal.storage.datasets import Dataset
from shoal.storage.dialect import MARKS
from shoal.storage.listing import versions
from shoal.storage.statistics import Statistics
from shoal.studies.store.browsing import StudyFilter, find_studies

PATH = "/app/datasets/{dataset}"
FIRST_ROWS, COLUMNS_A_PAGE, MOST_STUDIES = 10, 40, 10
router = APIRouter(include_in_schema=False)
Id = Annotated[str, Path(max_length=64, pattern=FREE_TEXT)]
Reader = Annotated[Actor, Depends(Rule(Action.DATASET_READ))]
Remover = Annotated[Actor, Depends(Rule(Action.DATASET_DELETE))]


class Known(NamedTuple):
    """A dataset in one version, all its versions, and the first studies of it."""

    dataset: Dataset
    versions: list[Dataset]
    studies: list[Line]


class Looked(NamedTuple):
    """What its table shows: one page of columns, and its first rows in these columns."""

    columns: list[Statistics]
    rows: list[list[Any]]


@router.get(PATH)
async def show(
    request: Request,
    house: TheHouse,
    actor: Reader,
    dataset: Id,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    page: PageNumber = 1,
) -> Response:
    """Show a dataset."""
    known = await _known(house, actor, Action.DATASET_READ, dataset, version)
    pages = Pages(page, len(known.dataset.columns), COLUMNS_A_PAGE)
    looked = await asyncio.to_thread(_looked, house, known.dataset, pages)
    query = {"version": str(version or "")}
    context = {
        "pages": pages,
        "address": Address(f"/app/datasets/{known.dataset.id}", query, {}),
        "looked": looked,
        "separator": _separator(known.dataset),
        "bars": bars,
        "words": words,
    }
    return render(request, "dataset.html.j2", known._asdict() | context)


@router.get(f"{PATH}/delete")
async def ask_deletion(request: Request, house: TheHouse, actor: Reader, dataset: Id) -> Response:
    """Ask whether a dataset shall go."""
    known = await _known(house, actor, Action.DATASET_DELETE, dataset)
    return render(request, "dataset_delete.html.j2", known._asdict())


@router.post(f"{PATH}/delete")
async def delete(request: Request, house: TheHouse, actor: Remover, dataset: Id) -> Response:
    """Delete a dataset that nothing needs."""
    async with form_of(request):
        known = await _known(house, actor, Action.DATASET_DELETE, dataset)
        await asyncio.to_thread(datasets.remove, house.database, house.storage, known.dataset.id)
    return go(request, "/app/datasets", f"{known.dataset.name} is deleted.")


async def _known(house: House, actor: Actor, action: Action, id_: str, version: int | None = None) -> Known:
    def find(conn: Connection) -> Known:
        dataset = datasets.get(conn, id_, version)
        require(actor, action, Resource("dataset", id_, dataset.owner))
        owner = None if actor.admin else actor.name
        made = find_studies(conn, StudyFilter(owner, dataset=id_), limit=MOST_STUDIES)
        return Known(dataset, versions(conn, id_), lines(conn, made))

    return await offload.read(house.database, find)


def _looked(house: House, dataset: Dataset, pages: Pages) -> Looked:
    here = slice(pages.offset, pages.offset + pages.size)
    first = rows_of(house, dataset, 0, FIRST_ROWS)
    return Looked(list(statistics_of(house, dataset)[here]), [row[here] for row in first])


def _separator(dataset: Dataset) -> str:
    layout = dataset.origin.layout
    return MARKS.get(layout.delimiter, layout.delimiter) if layout else ""


DATASET_PAGE = Face("dataset", router, render=error_page)
