"""/infrastructures/ID/attach, detach, notify and cost."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import InvalidInput
from shoal.server.api.infra_finding import Changer, Reader, found_infra
from shoal.server.faces import Face
from shoal.server.occopus.answers import refused
from shoal.server.occopus.paths import PATH, Id
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

INSTEAD = "Listen to GET /api/v1/events?topic=infra instead: it tells the same events."
router = APIRouter(prefix=f"{PATH}/{{id}}", include_in_schema=False)


@router.post("/attach")
async def attach(id: Id, house: TheHouse, actor: Changer) -> Response:
    """Heal it from now on; 409 when it is."""
    infra = await found_infra(house, actor, Action.INFRA_CHANGE, id)
    await house.infra.attach(infra.id)
    return Json({"infraid": infra.id})


@router.post("/detach")
async def detach(id: Id, house: TheHouse, actor: Changer) -> Response:
    """Leave it alone from now on; 409 when it is left alone."""
    infra = await found_infra(house, actor, Action.INFRA_CHANGE, id)
    await house.infra.detach(infra.id)
    return Json({"infraid": infra.id})


@router.post("/notify")
async def notify(id: Id, request: Request, house: TheHouse, actor: Changer) -> Response:
    """Say that nothing can be told this way: the service that it told has been switched off."""
    await found_infra(house, actor, Action.INFRA_CHANGE, id)
    kind = _kind(await request.body())
    if kind != "fcm":
        raise InvalidInput(f"There is no notifier of type {str(kind)[:40]!r}.", hint=INSTEAD)
    raise InvalidInput(
        "Firebase no longer takes messages that are signed with an api_key.", hint=INSTEAD, code="fcm_is_gone"
    )


@router.get("/cost")
async def cost(id: Id, house: TheHouse, actor: Reader) -> Response:
    """Tell what each machine costs an hour, and all; 0 where that is not known."""
    infra = await found_infra(house, actor, Action.INFRA_READ, id)
    view: dict[str, Any] = {"totalcost": 0.0}
    for each in await house.infra.instances(infra.id):
        view.setdefault(each.node, {})[each.id] = each.price or 0.0
        view["totalcost"] += each.price or 0.0
    return Json(view)


def _kind(content: bytes) -> Any:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.", code="not_json") from error
    if not isinstance(body, dict) or "type" not in body:
        raise InvalidInput("The body names no type of notifier.", hint=INSTEAD)
    return body["type"]


KEEPING = Face("upkeep of Occopus", router, render=refused)
