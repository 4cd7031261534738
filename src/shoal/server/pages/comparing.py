"""Comparing two studies, or a study and a column of its file: /app/studies/compare."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import ShoalError
from shoal.clustering.modes import MODE_NAMES
from shoal.server import offload
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.studies import found_study
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.frame import render
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.studies.model import Study, StudyState
from shoal.studies.results.comparing import Comparison, compare_column, compare_studies
from shoal.studies.store.browsing import StudyFilter, find_studies
from shoal.studies.telling.likeness import differences, likeness

PATH = "/app/studies/compare"
MOST_TO_CHOOSE = 200
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Some = Annotated[str, Query(max_length=64, pattern=FREE_TEXT)]


@router.get(PATH)
async def show(
    request: Request,
    house: TheHouse,
    actor: Reader,
    a: Some = "",
    b: Some = "",
    column: Annotated[str, Query(max_length=1024)] = "",
    chosen: Annotated[list[str] | None, Query(max_length=100)] = None,
) -> Response:
    """Show a comparison, or ask what to compare."""
    if chosen is not None:
        return _from_list(request, chosen)
    left, right, others = await _studies(house, actor, a or b, b if a else "")
    context: dict[str, Any] = {
        "left": left,
        "right": right,
        "column": column,
        "others": others,
        "modes": MODE_NAMES,
    }
    compared = await _compared(house, left, right, column)
    return render(request, "compare.html.j2", context | compared)


def _from_list(request: Request, chosen: list[str]) -> Response:
    if len(chosen) == 2 and all(each.isalnum() for each in chosen):
        return go(request, f"{PATH}?a={chosen[0]}&b={chosen[1]}")
    return go(request, "/app/studies", "Choose two studies to compare.", done=False)


async def _studies(
    house: House, actor: Actor, a: str, b: str
) -> tuple[Study | None, Study | None, list[Study]]:
    owner = None if actor.admin else actor.name

    def find(conn: Connection) -> tuple[Study | None, Study | None, list[Study]]:
        pair = [found_study(conn, actor, Action.STUDY_READ, id_) if id_ else None for id_ in (a, b)]
        wanted = StudyFilter(owner, states=[StudyState.succeeded])
        others = find_studies(conn, wanted, limit=MOST_TO_CHOOSE)
        return pair[0], pair[1], [study for study in others if study.summary and study.summary["best"]]

    return await offload.read(house.database, find)


async def _compared(house: House, left: Study | None, right: Study | None, column: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "found": None,
        "wrong": "",
        "likeness": "",
        "modes": MODE_NAMES,
        "differences": [],
    }
    if left is None or (right is None and not column):
        return nothing
    try:
        found = await asyncio.to_thread(_comparison, house, left, right, column)
    except ShoalError as error:
        return nothing | {"wrong": str(error)}
    differing = differences(left, right) if right else []
    return nothing | {"found": found, "likeness": likeness(found["adjusted_rand"]), "differences": differing}


def _comparison(house: House, left: Study, right: Study | None, column: str) -> Comparison:
    if right is not None:
        return compare_studies(house.storage, left, right)
    return compare_column(house.storage, left, column)


COMPARING = Face("comparing studies", router, render=error_page)
