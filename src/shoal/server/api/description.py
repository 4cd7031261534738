"""The API's description as a route: /api/v1/openapi.json."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.server.api.openapi import describe
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import Rule

router = APIRouter(tags=["description"])


@router.get(
    "/api/v1/openapi.json",
    operation_id="read_openapi",
    summary="This description",
    response_model=dict[str, object],
    dependencies=[Depends(Rule(Action.SERVER_DESCRIBE))],
)
async def read_openapi(request: Request) -> Response:
    """Answer the OpenAPI document."""
    root: str = request.scope.get("root_path", "")
    return Json(describe(request.app) | ({"servers": [{"url": root}]} if root else {}))


DESCRIPTION = Face("description", router)
