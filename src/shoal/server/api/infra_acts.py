"""Acts on an infrastructure: /api/v1/infrastructures/ID/{scale,heal,attach,detach,pause,resume,release}."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.infra.model import Infrastructure
from shoal.server.api.infra_finding import PATH, Changer, Id, found_infra, view_of
from shoal.server.api.shapes.infra import InfraShape, ScaleWish
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

router = APIRouter(prefix=PATH, tags=["infrastructures"])


@router.post(
    "/{infrastructure}/scale",
    operation_id="scale_infrastructure",
    summary="More or fewer",
    response_model=InfraShape,
)
async def scale_infrastructure(
    infrastructure: Id, wish: ScaleWish, house: TheHouse, actor: Changer
) -> Response:
    """Wish for so many machines of a node, for more or fewer, or that one goes; of fewer the youngest go."""
    infra = await found_infra(house, actor, Action.INFRA_CHANGE, infrastructure)
    scaled = await house.infra.scale(infra.id, wish.node, to=wish.to, by=wish.by, drop=wish.drop)
    return Json(await view_of(house, scaled))


@router.post(
    "/{infrastructure}/heal", operation_id="heal_infrastructure", summary="Mend it", response_model=InfraShape
)
async def heal_infrastructure(infrastructure: Id, house: TheHouse, actor: Changer) -> Response:
    """Look at the machines now, and mend what is not as it is wished; also what was not reached before."""
    return await _done(house, actor, infrastructure, house.infra.heal)


@router.post(
    "/{infrastructure}/attach",
    operation_id="attach_infrastructure",
    summary="Keep it healthy",
    response_model=InfraShape,
)
async def attach_infrastructure(infrastructure: Id, house: TheHouse, actor: Changer) -> Response:
    """Heal it from now on; 409 `already_attached`."""
    return await _done(house, actor, infrastructure, house.infra.attach)


@router.post(
    "/{infrastructure}/detach",
    operation_id="detach_infrastructure",
    summary="Leave it alone",
    response_model=InfraShape,
)
async def detach_infrastructure(infrastructure: Id, house: TheHouse, actor: Changer) -> Response:
    """Heal it no longer; its machines stay. 409 `already_detached`."""
    return await _done(house, actor, infrastructure, house.infra.detach)


@router.post(
    "/{infrastructure}/pause",
    operation_id="pause_infrastructure",
    summary="Do nothing to it",
    response_model=InfraShape,
)
async def pause_infrastructure(infrastructure: Id, house: TheHouse, actor: Changer) -> Response:
    """Do nothing to it, whatever is wished, until `resume`; only `destroy` goes before that."""
    return await _done(house, actor, infrastructure, house.infra.pause)


@router.post(
    "/{infrastructure}/resume",
    operation_id="resume_infrastructure",
    summary="Go on",
    response_model=InfraShape,
)
async def resume_infrastructure(infrastructure: Id, house: TheHouse, actor: Changer) -> Response:
    """Go on with what is wished."""
    return await _done(house, actor, infrastructure, house.infra.resume)


@router.post(
    "/{infrastructure}/release",
    operation_id="release_infrastructure",
    summary="Let many be replaced",
    response_model=InfraShape,
)
async def release_infrastructure(infrastructure: Id, house: TheHouse, actor: Changer) -> Response:
    """Let those failing machines be replaced that the brake holds back because they are many."""
    return await _done(house, actor, infrastructure, house.infra.release_brake)


async def _done(
    house: House, actor: Actor, id_: str, act: Callable[[str], Awaitable[Infrastructure]]
) -> Response:
    infra = await found_infra(house, actor, Action.INFRA_CHANGE, id_)
    return Json(await view_of(house, await act(infra.id)))


INFRA_ACTS = Face("acts on infrastructures", router)
