"""A study's fits for other programs: /api/v1/studies/ID/{model.json,model.npz}."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.api.shapes.studies import ModelShape
from shoal.server.api.studies import PATH, Id, found_study
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.studies.results.model_file import as_json, as_npz, model_of

BYTES: dict[str, Any] = {"schema": {"type": "string"}}
router = APIRouter(prefix=PATH, tags=["studies"])
Reader = Annotated[Actor, Depends(Rule(Action.STUDY_READ))]
Mode = Annotated[str | None, Query(max_length=32, description="whose recommended fit; by default the best")]


@router.get(
    "/{study}/model.json",
    operation_id="read_model_json",
    summary="The clusters, for other programs",
    response_model=ModelShape,
)
async def read_json(study: Id, house: TheHouse, actor: Reader, covariance: Mode = None) -> Response:
    """Send what gives other rows their labels; 409 without a result, 404 when nothing is recommended."""
    return await _sent(house, actor, study, covariance, "json", as_json)


@router.get(
    "/{study}/model.npz",
    operation_id="read_model_npz",
    summary="The clusters, for NumPy",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": BYTES}}},
)
async def read_npz(study: Id, house: TheHouse, actor: Reader, covariance: Mode = None) -> Response:
    """Send the same as `model.json`, as arrays that `numpy.load` reads without pickles."""
    return await _sent(house, actor, study, covariance, "npz", as_npz)


async def _sent(
    house: House,
    actor: Actor,
    study: str,
    mode: str | None,
    ending: str,
    written: Callable[[dict[str, Any]], bytes],
) -> Response:
    found = await offload.read(
        house.database, lambda conn: found_study(conn, actor, Action.STUDY_READ, study)
    )
    content = await asyncio.to_thread(lambda: written(model_of(house.storage, found, mode)))
    kind = "application/json" if ending == "json" else "application/octet-stream"
    return Response(content, media_type=kind, headers=attachment(f"{found.id}-model.{ending}"))


MODELS = Face("models of studies", router)
