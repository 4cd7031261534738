"""Studies: /api/v1/studies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base import events
from shoal.server import offload
from shoal.server.api.paging import Cursor, Limit, decode, encode, part
from shoal.server.api.shapes import StudyPage, StudyShape
from shoal.server.api.submitting import submit_study
from shoal.server.api.views import View, study_line, study_view
from shoal.server.api.waiting import After, Wait, changed, told_of, trouble_of
from shoal.server.api.wishes import ExtendWish, RerunWish, StudyWish
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheDraining, TheHouse
from shoal.studies import running
from shoal.studies.model import Study, StudyState
from shoal.studies.store import stored
from shoal.studies.store.recording import TOPIC

PATH = "/api/v1/studies"
router = APIRouter(prefix=PATH, tags=["studies"])
Id = Annotated[str, Path(max_length=64, description="the study's id, or `last` for the newest")]
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.STUDY_CREATE))]
Changer = Annotated[Actor, Depends(Rule(Action.STUDY_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.STUDY_DELETE))]


@router.post(
    "", operation_id="create_study", summary="Start a study", status_code=201, response_model=StudyShape
)
async def create_study(wish: StudyWish, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Start a study over a dataset; its fits run on the workers."""
    study, changed_plan = await asyncio.to_thread(submit_study, house, actor, wish)
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{study.id}"}
    return Json(await _view(house, actor, study.id) | {"changed": changed_plan}, 201, where)


@router.get("", operation_id="list_studies", summary="List studies", response_model=StudyPage)
async def list_studies(house: TheHouse, actor: Reader, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """List studies, the newest first."""
    before, owner = decode(cursor, int, str), None if actor.admin else actor.name
    found = await offload.read(
        house.database, lambda conn: stored.list_studies(conn, owner, limit + 1, before=before)
    )
    return part("studies", found, limit, study_line, lambda last: encode(last.created, last.id))


@router.get("/{study}", operation_id="read_study", summary="Read a study", response_model=StudyShape)
async def read_study(
    study: Id, house: TheHouse, draining: TheDraining, actor: Reader, wait: Wait = 0, after: After = None
) -> Response:
    """Describe a study, how far it is and what it found; with `wait`, once something changes."""
    view = await _view(house, actor, study)
    if wait and view["state"] == StudyState.running:
        since, whole = view["seq"] if after is None else after, view["id"]

        def has_news(conn: Connection) -> bool:
            return told_of(conn, TOPIC, whole, since) or not stored.has_work(conn, whole)

        await changed(house, draining, has_news, wait)
        view = await _view(house, actor, view["id"])
    return Json(view)


@router.post(
    "/{study}/cancel", operation_id="cancel_study", summary="Stop a study", response_model=StudyShape
)
async def cancel_study(study: Id, house: TheHouse, actor: Changer) -> Response:
    """Stop a study; the fits that ended are kept."""
    return await _changed(house, actor, study, running.cancel)


@router.post(
    "/{study}/rerun", operation_id="rerun_study", summary="Run fits again", response_model=StudyShape
)
async def rerun_study(study: Id, house: TheHouse, actor: Changer, wish: RerunWish | None = None) -> Response:
    """Run fits again: those named, or those that failed or never ran."""
    fits, workers = wish.fits if wish else None, house.settings.workers
    return await _changed(
        house, actor, study, lambda conn, found: running.rerun(conn, found, fits, workers=workers)
    )


@router.post(
    "/{study}/extend", operation_id="extend_study", summary="Try more clusters", response_model=StudyShape
)
async def extend_study(study: Id, wish: ExtendWish, house: TheHouse, actor: Changer) -> Response:
    """Try larger numbers of clusters too; only the new fits run."""
    workers, limits = house.settings.workers, (house.settings.limits.max_k, house.settings.limits.fits)
    return await _changed(
        house,
        actor,
        study,
        lambda conn, found: running.extend(conn, found, wish.max_k, workers=workers, limits=limits),
    )


@router.delete("/{study}", operation_id="delete_study", summary="Delete a study", status_code=204)
async def delete_study(study: Id, house: TheHouse, actor: Remover) -> Response:
    """Delete a study and its fits; its dataset stays. 409 while it runs."""
    await offload.write(
        house.database,
        running.REMOVED,
        lambda conn: running.remove(conn, found_study(conn, actor, Action.STUDY_DELETE, study)),
    )
    return Response(status_code=204)


def found_study(conn: Connection, actor: Actor, action: Action, id_: str) -> Study:
    """Return a study that an actor may do something to; raises NotFound and Forbidden."""
    study = stored.get(conn, id_, None if actor.admin else actor.name)
    require(actor, action, Resource("study", id_, study.owner))
    return study


async def _view(house: House, actor: Actor, id_: str) -> View:
    def find(conn: Connection) -> View:
        study = found_study(conn, actor, Action.STUDY_READ, id_)
        return study_view(study, stored.progress(conn, study), events.last(conn), house.settings.workers)

    view = await offload.read(house.database, find)
    return view | {"trouble": trouble_of(house) if view["state"] == StudyState.running else None}


async def _changed(
    house: House, actor: Actor, id_: str, change: Callable[[Connection, Study], Study]
) -> Response:
    study = await offload.write(
        house.database,
        running.CHANGED,
        lambda conn: change(conn, found_study(conn, actor, Action.STUDY_CHANGE, id_)),
    )
    return Json(await _view(house, actor, study.id))


STUDIES = Face("studies", router)
