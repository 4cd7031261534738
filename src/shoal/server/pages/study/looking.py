"""Finding what a page of a study shows, in one reading of the database."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from fastapi import Depends, Path, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.api.studies import found_study
from shoal.server.pages.address import PageNumber, Search
from shoal.server.pages.flash import go
from shoal.server.pages.study.fit_table import FitQuery, FitState, FitTable, Sort, fit_table
from shoal.server.pages.study.standing import Standing, standing
from shoal.server.parts import House
from shoal.server.rules import Rule
from shoal.studies.model import Study

PATH = "/app/studies"
Id = Annotated[str, Path(max_length=64)]
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.STUDY_CHANGE))]
Shape = Literal["", "full-tied", "full-untied", "diag-tied", "diag-untied", "spher-tied", "spher-untied"]


class Seen(NamedTuple):
    """A study as its page shows it."""

    study: Study
    standing: Standing
    table: FitTable


def _fit_query(
    q: Search = "",
    state: Literal[""] | FitState = "",
    shape: Shape = "",
    sort: Sort = "fit",
    order: Literal["", "asc", "desc"] = "",
    page: PageNumber = 1,
) -> FitQuery:
    return FitQuery(q, state, shape, sort, order, page)


Fits = Annotated[FitQuery, Depends(_fit_query)]
Part = Annotated[Literal["", "report"], Query()]


async def find_study(house: House, actor: Actor, id_: str, action: Action = Action.STUDY_READ) -> Study:
    """Return a study that somebody may see; raises NotFound."""
    return await offload.read(house.database, lambda conn: found_study(conn, actor, action, id_))


async def seen(house: House, actor: Actor, id_: str, query: FitQuery) -> Seen:
    """Return a study, how far it is, and a page of its fits."""

    def look(conn: Connection) -> Seen:
        study = found_study(conn, actor, Action.STUDY_READ, id_)
        return Seen(study, standing(conn, study), fit_table(conn, study, query))

    return await offload.read(house.database, look)


def whole_address(request: Request, study: Study, id_: str) -> Response | None:
    """Send a reader who gave `last` or the beginning of an id to the whole one; None when it is whole."""
    if study.id == id_:
        return None
    bare = request.url.path.removeprefix(request.scope.get("root_path", ""))
    rest = bare.removeprefix(f"{PATH}/{id_}")
    query = f"?{request.url.query}" if request.url.query else ""
    return go(request, f"{PATH}/{study.id}{rest}{query}")


def path_of(study: Study) -> str:
    """Return where a study's page is."""
    return f"{PATH}/{study.id}"
