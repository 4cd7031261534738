"""All studies: /app/studies, and the same as CSV."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import clock
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.faces import Face
from shoal.server.pages.address import Address, PageNumber, Pages, Search
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.study_lines import Line, lines
from shoal.server.pages.tables import as_csv
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.studies.model import StudyState
from shoal.studies.store.browsing import Direction, StudyFilter, StudySort
from shoal.studies.store.paging import study_page

PATH = "/app/studies"
DEFAULTS = {"sort": "created", "order": "desc"}
MOST_IN_CSV = 100_000
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
StateName = Literal["", "running", "succeeded", "failed", "cancelled"]


class Wanted:
    """Hold what a list's query asks for."""

    def __init__(
        self,
        q: Search = "",
        state: StateName = "",
        dataset: Annotated[str, Query(max_length=64)] = "",
        sort: StudySort = "created",
        order: Direction = "desc",
        page: PageNumber = 1,
    ) -> None:
        self.page, self.sort, self.order = page, sort, order
        self._query = {"q": q.strip(), "state": state, "dataset": dataset, "sort": sort, "order": order}

    @property
    def address(self) -> Address:
        """Return where this view is."""
        return Address(PATH, self._query, DEFAULTS)

    @property
    def is_filtered(self) -> bool:
        """Say whether something is left out on purpose."""
        return any(self._query[name] for name in ("q", "state", "dataset"))

    def of(self, actor: Actor) -> StudyFilter:
        """Return the filter for somebody."""
        state = self._query["state"]
        return StudyFilter(
            None if actor.admin else actor.name,
            self._query["q"],
            [StudyState(state)] if state else None,
            self._query["dataset"] or None,
        )


Asked = Annotated[Wanted, Depends()]


@router.get(PATH)
async def show(request: Request, house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Show one page of studies."""
    return render(request, "studies.html.j2", await _found(house, actor, wanted))


@router.get("/app/part/studies")
async def live(request: Request, house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Send the table of the list again."""
    return part(request, "studies_table.html.j2", await _found(house, actor, wanted))


@router.get(f"{PATH}.csv")
async def download(house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Send what the view has, all pages, as CSV."""
    found, _ = await _lines(house, actor, wanted, 0, MOST_IN_CSV)
    columns: dict[str, list[str]] = {
        "id": [line.study.id for line in found],
        "name": [line.study.name for line in found],
        "state": [line.study.state.value for line in found],
        "answer": [line.told for line in found],
        "k": [str(line.k or "") for line in found],
        "covariance": [line.shape or "" for line in found],
        "rows": [str(line.study.facts["rows"]) for line in found],
        "created": [clock.isoformat(line.study.created) for line in found],
        "owner": [line.study.owner for line in found],
    }
    return Response(as_csv(columns), media_type="text/csv; charset=utf-8", headers=attachment("studies.csv"))


async def _found(house: House, actor: Actor, wanted: Wanted) -> dict[str, Any]:
    before = Pages(wanted.page, 0).offset
    found, total = await _lines(house, actor, wanted, before, Pages.size)
    return {
        "lines": found,
        "pages": Pages(wanted.page, total),
        "address": wanted.address,
        "filtered": wanted.is_filtered,
        "states": [state.value for state in StudyState],
        "comparable": sum(line.k is not None for line in found),
    }


async def _lines(
    house: House, actor: Actor, wanted: Wanted, offset: int, limit: int
) -> tuple[list[Line], int]:
    def read(conn: Any) -> tuple[list[Line], int]:
        studies, total = study_page(
            conn, wanted.of(actor), sort=wanted.sort, order=wanted.order, offset=offset, limit=limit
        )
        return lines(conn, studies), total

    return await offload.read(house.database, read)


STUDY_LIST = Face("list of studies", router, render=error_page)
