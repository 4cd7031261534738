"""POST /v1/graphql: one operation, one answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server.cluserve.answers import refused
from shoal.server.cluserve.opening import opened
from shoal.server.cluserve.operation import Operation, read_json
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

PATH = "/v1/graphql"
router = APIRouter(include_in_schema=False)
# Whoever may read may send an operation; what its fields may do, each of them decides.
Asker = Annotated[Actor, Depends(Rule(Action.LIVE_READ))]


@router.post(PATH)
async def post_operation(request: Request, house: TheHouse, actor: Asker) -> Response:
    """Carry out a query or a mutation; its errors come with status 200, as GraphQL has it."""
    operation = Operation.of(read_json(await request.body()))
    desk = await opened(house, actor, request.state.request_id)
    return Json(await desk.answer(operation))


POSTING = Face("operations of Cluserve", router, render=refused, below=PATH)
