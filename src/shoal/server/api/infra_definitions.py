"""Node definitions that descriptions name: /api/v1/node-definitions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from shoal.server.api.infra_finding import BODY, Creator, Reader, Remover, sent_bundle
from shoal.server.api.infra_views import definition_line, definition_view
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.shapes.infra import DefinitionsShape, NamesShape, OneDefinitionShape
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

router = APIRouter(prefix="/api/v1/node-definitions", tags=["infrastructures"])
Type = Annotated[str, Path(max_length=255, pattern=FREE_TEXT, description="the type of node")]


@router.post(
    "", operation_id="import_definitions", summary="Import", response_model=NamesShape, openapi_extra=BODY
)
async def import_definitions(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep the node definitions of a bundle, over those of the same types: all of them, or none.

    What was built keeps the definitions that it was built with until it is updated.
    """
    return Json({"names": await house.infra.import_definitions(actor.name, await sent_bundle(request))})


@router.get("", operation_id="list_definitions", summary="List", response_model=DefinitionsShape)
async def list_definitions(house: TheHouse, actor: Reader) -> Response:
    """List your node definitions by type."""
    found = await house.infra.definitions(actor.name)
    return Json({"definitions": [definition_line(type_, found[type_]) for type_ in sorted(found)]})


@router.get("/{type}", operation_id="read_definition", summary="Read one", response_model=OneDefinitionShape)
async def read_definition(type: Type, house: TheHouse, actor: Reader) -> Response:
    """Send a node definition of yours, without what may be secret."""
    return Json(definition_view(type, await house.infra.definition(actor.name, type)))


@router.delete("/{type}", operation_id="forget_definition", summary="Forget one", status_code=204)
async def forget_definition(type: Type, house: TheHouse, actor: Remover) -> Response:
    """Keep a node definition of yours no longer; what was built with it stays."""
    await house.infra.forget_definition(actor.name, type)
    return Response(status_code=204)


NODE_DEFINITIONS = Face("node definitions", router)
