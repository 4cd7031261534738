"""All datasets: /app/datasets, and the same as CSV."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import clock
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.faces import Face
from shoal.server.pages.address import Address, PageNumber, Pages, Search
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import render
from shoal.server.pages.tables import as_csv
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.storage.datasets import Dataset
from shoal.storage.listing import DatasetFilter, DatasetSort, dataset_page
from shoal.studies.store.browsing import Direction

PATH = "/app/datasets"
DEFAULTS = {"sort": "created", "order": "desc"}
MOST_IN_CSV = 100_000
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.DATASET_READ))]


class Wanted:
    """Hold what a list's query asks for."""

    def __init__(
        self,
        q: Search = "",
        sort: DatasetSort = "created",
        order: Direction = "desc",
        page: PageNumber = 1,
    ) -> None:
        self.text, self.sort, self.order, self.page = q.strip(), sort, order, page

    @property
    def address(self) -> Address:
        """Return where this view is."""
        return Address(PATH, {"q": self.text, "sort": self.sort, "order": self.order}, DEFAULTS)


Asked = Annotated[Wanted, Depends()]


@router.get(PATH)
async def show(request: Request, house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Show one page of datasets."""
    found, total = await _found(house, actor, wanted, Pages(wanted.page, 0).offset, Pages.size)
    context = {
        "datasets": found,
        "pages": Pages(wanted.page, total),
        "address": wanted.address,
        "limit": house.settings.limits.upload,
    }
    return render(request, "datasets.html.j2", context)


@router.get(f"{PATH}.csv")
async def download(house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Send what the view has, all pages, as CSV."""
    found, _ = await _found(house, actor, wanted, 0, MOST_IN_CSV)
    columns = {
        "id": [each.id for each in found],
        "name": [each.name for each in found],
        "version": [str(each.version) for each in found],
        "rows": [str(each.rows) for each in found],
        "columns": [str(len(each.columns)) for each in found],
        "bytes": [str(each.size) for each in found],
        "sha256": [each.sha256 for each in found],
        "created": [clock.isoformat(each.created) for each in found],
        "owner": [each.owner for each in found],
    }
    return Response(as_csv(columns), media_type="text/csv; charset=utf-8", headers=attachment("datasets.csv"))


async def _found(
    house: House, actor: Actor, wanted: Wanted, offset: int, limit: int
) -> tuple[list[Dataset], int]:
    def read(conn: Any) -> tuple[list[Dataset], int]:
        return dataset_page(
            conn,
            DatasetFilter(None if actor.admin else actor.name, wanted.text),
            sort=wanted.sort,
            descending=wanted.order == "desc",
            offset=offset,
            limit=limit,
        )

    return await offload.read(house.database, read)


DATASET_LIST = Face("list of datasets", router, render=error_page)
