"""Taking a live task elsewhere: /api/v1/live/ID/export and /api/v1/live/import."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.settings import Settings
from shoal.server.api.attachments import attachment
from shoal.server.api.datasets import BYTES
from shoal.server.api.live import told
from shoal.server.api.live_finding import PATH, Id, Reader, found_task
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.shapes.live import LiveShape
from shoal.server.faces import Face
from shoal.server.rules import Rule, TheHouse

NPZ = "application/octet-stream"
router = APIRouter(prefix=PATH, tags=["live"])
Creator = Annotated[Actor, Depends(Rule(Action.LIVE_CREATE))]
Name = Annotated[str | None, Query(max_length=255, pattern=FREE_TEXT, description="call it so")]


@router.get(
    "/{task}/export",
    operation_id="export_live_task",
    summary="Take a task along",
    response_class=Response,
    responses={200: {"content": {NPZ: {}}}},
)
async def export_live_task(task: Id, house: TheHouse, actor: Reader) -> Response:
    """Send all that a task has found, with its wish and its frame, as NPZ; never a pickle."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    content = await house.live.export(found.id)
    return Response(content, media_type=NPZ, headers=attachment(f"{found.id}.npz"))


@router.post(
    "/import",
    operation_id="import_live_task",
    summary="Bring a task here",
    status_code=201,
    response_model=LiveShape,
    openapi_extra={"requestBody": {"required": True, "content": BYTES}},
)
async def import_live_task(request: Request, house: TheHouse, actor: Creator, name: Name = None) -> Response:
    """Make a task of what an export gave: it is ready, with its centres and its frame."""
    task = await house.live.import_(actor.name, await request.body(), name)
    return await told(request, house, task, 201)


def live_transfer_face(settings: Settings) -> Face:
    """Return the face, with the limit of an import."""
    return Face("moved live tasks", router, uploads={("POST", f"{PATH}/import"): settings.limits.upload})
