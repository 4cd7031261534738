"""Driving a live task: /api/v1/live/ID/{init,play,pause,stop,copy,batch}."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.live.model import LiveTask
from shoal.server.api.live import told
from shoal.server.api.live_finding import PATH, Changer, Id, found_task, view_of
from shoal.server.api.shapes.live import CopyWish, LiveShape
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

router = APIRouter(prefix=PATH, tags=["live"])
Creator = Annotated[Actor, Depends(Rule(Action.LIVE_CREATE))]


@router.post("/{task}/init", operation_id="init_live_task", summary="Begin anew", response_model=LiveShape)
async def init_live_task(task: Id, house: TheHouse, actor: Changer) -> Response:
    """Forget centres and counters and keep the rows; 409 `already_created` while it is alive."""
    return await _driven(house, actor, task, house.live.init)


@router.post("/{task}/play", operation_id="play_live_task", summary="Let it run", response_model=LiveShape)
async def play_live_task(task: Id, house: TheHouse, actor: Changer) -> Response:
    """Let a task iterate; one that has ended begins anew. 409 `running` when it does."""
    return await _driven(house, actor, task, house.live.play)


@router.post("/{task}/pause", operation_id="pause_live_task", summary="Let it rest", response_model=LiveShape)
async def pause_live_task(task: Id, house: TheHouse, actor: Changer) -> Response:
    """Let a running task rest; 409 `not_running`."""
    return await _driven(house, actor, task, house.live.pause)


@router.post("/{task}/stop", operation_id="stop_live_task", summary="End it", response_model=LiveShape)
async def stop_live_task(task: Id, house: TheHouse, actor: Changer) -> Response:
    """End a task; what it has found and its rows stay. 409 `not_alive`."""
    return await _driven(house, actor, task, house.live.stop)


@router.post(
    "/{task}/copy",
    operation_id="copy_live_task",
    summary="Copy a task",
    status_code=201,
    response_model=LiveShape,
)
async def copy_live_task(
    task: Id, request: Request, house: TheHouse, actor: Creator, wish: CopyWish | None = None
) -> Response:
    """Make a task of yours with the same wish and rows."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    made = await house.live.copy(found.id, actor.name, wish.name if wish else None)
    return await told(request, house, made, 201)


async def _driven(
    house: House, actor: Actor, id_: str, act: Callable[[str], Awaitable[LiveTask]]
) -> Response:
    found = await found_task(house, actor, Action.LIVE_CHANGE, id_)
    return Json(await view_of(house, await act(found.id)))


LIVE_ACTS = Face("acts on live tasks", router)
