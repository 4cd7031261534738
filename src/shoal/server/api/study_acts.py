"""Changing a study: /api/v1/studies/ID/{cancel,rerun,extend}, and DELETE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.api.shapes.studies import StudyShape
from shoal.server.api.studies import PATH, Id, found_study, study_now
from shoal.server.api.wishes import ExtendWish, RerunWish
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.studies import running
from shoal.studies.model import Study

router = APIRouter(prefix=PATH, tags=["studies"])
Changer = Annotated[Actor, Depends(Rule(Action.STUDY_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.STUDY_DELETE))]


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


async def _changed(
    house: House, actor: Actor, id_: str, change: Callable[[Connection, Study], Study]
) -> Response:
    study = await offload.write(
        house.database,
        running.CHANGED,
        lambda conn: change(conn, found_study(conn, actor, Action.STUDY_CHANGE, id_)),
    )
    return Json(await study_now(house, actor, study.id))


STUDY_ACTS = Face("acts on studies", router)
