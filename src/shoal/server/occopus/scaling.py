"""/infrastructures/ID/scaleup, scaledown and scaleto: more or fewer machines of a node."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.server.api.infra_finding import Changer, found_infra
from shoal.server.faces import Face
from shoal.server.occopus.answers import refused
from shoal.server.occopus.paths import PATH, Id, Name
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

MOST = 1_000_000
router = APIRouter(prefix=f"{PATH}/{{id}}", include_in_schema=False)


@router.post("/scaleup/{node}")
async def scale_up(id: Id, node: Name, house: TheHouse, actor: Changer) -> Response:
    """Have one machine more."""
    return await _scaled(house, actor, "scaleup", id, node, {"by": 1}, {"count": 1})


@router.post("/scaleup/{node}/{count}")
async def scale_up_by(id: Id, node: Name, count: str, house: TheHouse, actor: Changer) -> Response:
    """Have so many machines more."""
    number = _number(count)
    return await _scaled(house, actor, "scaleup", id, node, {"by": number}, {"count": number})


@router.post("/scaledown/{node}")
async def scale_down(id: Id, node: Name, house: TheHouse, actor: Changer) -> Response:
    """Have one machine fewer: the youngest goes."""
    return await _scaled(house, actor, "scaledown", id, node, {"by": -1}, {"nodeid": None})


@router.post("/scaledown/{node}/{instance}")
async def scale_down_one(id: Id, node: Name, instance: Name, house: TheHouse, actor: Changer) -> Response:
    """Have one machine fewer: the one with this id or address."""
    return await _scaled(house, actor, "scaledown", id, node, {"drop": instance}, {"nodeid": instance})


@router.post("/scaleto/{node}/{count}")
async def scale_to(id: Id, node: Name, count: str, house: TheHouse, actor: Changer) -> Response:
    """Have so many machines."""
    number = _number(count)
    return await _scaled(house, actor, "scaleto", id, node, {"to": number}, {"count": number})


async def _scaled(
    house: House, actor: Actor, method: str, id: str, node: str, wish: dict[str, Any], told: dict[str, Any]
) -> Response:
    infra = await found_infra(house, actor, Action.INFRA_CHANGE, id)
    await house.infra.scale(infra.id, node, **wish)
    return Json({"method": method, "infraid": infra.id, "nodename": node} | told)


def _number(text: str) -> int:
    """Return a count of machines; raises InvalidInput."""
    if not (text.isascii() and text.isdecimal()) or int(text[:10]) > MOST:
        raise InvalidInput(f"{text[:40]!r} is not a number of machines.", hint="Write a number, like 2.")
    return int(text[:10])


SCALING = Face("scaling of Occopus", router, render=refused)
