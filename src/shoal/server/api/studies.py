"""Studies: /api/v1/studies."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base import events
from shoal.server import offload
from shoal.server.api.paging import FREE_TEXT, Cursor, Limit, Text, decode, encode, part
from shoal.server.api.shapes.studies import EstimateShape, StudyPage, StudyShape
from shoal.server.api.submitting import settle, submit_study
from shoal.server.api.views import View, estimate_view, study_line, study_view
from shoal.server.api.waiting import After, Wait, changed, told_of, trouble_of
from shoal.server.api.wishes import StudyWish
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheDraining, TheHouse
from shoal.studies.model import Study, StudyState
from shoal.studies.store import stored
from shoal.studies.store.browsing import Direction, StudyFilter, StudySort, find_studies
from shoal.studies.store.recording import TOPIC

PATH = "/api/v1/studies"
router = APIRouter(prefix=PATH, tags=["studies"])
Id = Annotated[str, Path(max_length=64, description="the study's id, or `last` for the newest")]
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.STUDY_CREATE))]


@router.post(
    "", operation_id="create_study", summary="Start a study", status_code=201, response_model=StudyShape
)
async def create_study(wish: StudyWish, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Start a study over a dataset; its fits run on the workers."""
    study, changed_plan = await asyncio.to_thread(submit_study, house, actor, wish)
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{study.id}"}
    return Json(await study_now(house, actor, study.id) | {"changed": changed_plan}, 201, where)


@router.post(
    "/estimate",
    operation_id="estimate_study",
    summary="What a study would cost",
    response_model=EstimateShape,
)
async def estimate_study(wish: StudyWish, house: TheHouse, actor: Reader) -> Response:
    """Say what a study would use, take and need, without starting it."""
    settled = await asyncio.to_thread(settle, house, actor, wish)
    return Json(estimate_view(settled))


@router.get("", operation_id="list_studies", summary="Find studies", response_model=StudyPage)
async def list_studies(
    house: TheHouse,
    actor: Reader,
    q: Text = "",
    state: Annotated[list[StudyState] | None, Query(description="any of these states")] = None,
    dataset: Annotated[
        str | None, Query(max_length=64, pattern=FREE_TEXT, description="over this dataset")
    ] = None,
    sort: StudySort = "created",
    order: Annotated[
        Direction | None, Query(description="by default the newest first, and names from A")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List studies that fit every filter."""
    place = decode(cursor, str if sort == "name" else (int, type(None)), str)
    wanted = StudyFilter(None if actor.admin else actor.name, q, state, dataset)
    found = await offload.read(
        house.database,
        lambda conn: find_studies(conn, wanted, sort=sort, order=order, after=place, limit=limit + 1),
    )
    return part("studies", found, limit, study_line, lambda last: encode(getattr(last, sort), last.id))


@router.get("/{study}", operation_id="read_study", summary="Read a study", response_model=StudyShape)
async def read_study(
    study: Id, house: TheHouse, draining: TheDraining, actor: Reader, wait: Wait = 0, after: After = None
) -> Response:
    """Describe a study, how far it is and what it found; with `wait`, once something changes."""
    view = await study_now(house, actor, study)
    if wait and view["state"] == StudyState.running:
        since, whole = view["seq"] if after is None else after, view["id"]

        def has_news(conn: Connection) -> bool:
            return told_of(conn, TOPIC, whole, since) or not stored.has_work(conn, whole)

        await changed(house, draining, has_news, wait)
        view = await study_now(house, actor, view["id"])
    return Json(view)


def found_study(conn: Connection, actor: Actor, action: Action, id_: str) -> Study:
    """Return a study that an actor may do something to; raises NotFound and Forbidden."""
    study = stored.get(conn, id_, None if actor.admin else actor.name)
    require(actor, action, Resource("study", id_, study.owner))
    return study


async def study_now(house: House, actor: Actor, id_: str) -> View:
    """Return everything about a study as it is now."""

    def find(conn: Connection) -> View:
        study = found_study(conn, actor, Action.STUDY_READ, id_)
        return study_view(study, stored.progress(conn, study), events.last(conn), house.settings.workers)

    view = await offload.read(house.database, find)
    return view | {"trouble": trouble_of(house) if view["state"] == StudyState.running else None}


STUDIES = Face("studies", router)
