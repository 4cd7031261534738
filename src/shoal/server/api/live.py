"""Live tasks: /api/v1/live."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.live.errors import LiveConflict
from shoal.live.model import LiveTask
from shoal.live.plain import plain, wish_of
from shoal.live.wishing import WishForm
from shoal.server.api.job_submission import Key
from shoal.server.api.live_finding import PATH, Changer, Id, Reader, found_task, view_of
from shoal.server.api.live_views import live_line
from shoal.server.api.paging import Cursor, Limit, Text, decode, encode
from shoal.server.api.shapes.live import LivePage, LiveShape
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

router = APIRouter(prefix=PATH, tags=["live"])
Creator = Annotated[Actor, Depends(Rule(Action.LIVE_CREATE))]
Remover = Annotated[Actor, Depends(Rule(Action.LIVE_DELETE))]
Then = Annotated[Literal["play"] | None, Query(description="let it run at once")]


@router.post(
    "", operation_id="create_live_task", summary="Make a task", status_code=201, response_model=LiveShape
)
async def create_live_task(
    wish: WishForm, request: Request, house: TheHouse, actor: Creator, then: Then = None, key: Key = None
) -> Response:
    """Make a task that waits for rows, or with `then=play` clusters them as they come.

    The same request under the same `Idempotency-Key` makes one task.
    """
    task = await house.live.create(actor.name, wish.wish(), key=key)
    if then == "play" and task.state == "created":
        task = await house.live.play(task.id)
    return await told(request, house, task, 201)


@router.get("", operation_id="list_live_tasks", summary="List tasks", response_model=LivePage)
async def list_live_tasks(
    house: TheHouse, actor: Reader, q: Text = "", limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List tasks, the newest first; `q` is a part of the name or the beginning of the id."""
    place = decode(cursor, str)
    owner = None if actor.admin else actor.name
    found = await house.live.find(owner, None, q, limit + 1, place[0] if place else None)
    lines = [live_line(task, await house.live.summary(task.id)) for task in found[:limit]]
    return Json({"tasks": lines, "next": encode(found[limit - 1].id) if len(found) > limit else None})


@router.get("/{task}", operation_id="read_live_task", summary="Read a task", response_model=LiveShape)
async def read_live_task(
    task: Id,
    house: TheHouse,
    actor: Reader,
    wait: Annotated[float, Query(ge=0, le=60, description="seconds to wait until it does not run")] = 0,
) -> Response:
    """Describe a task and what it has found; with `wait`, once its run is over or the time is.

    409 `never_finish` when nothing can end its run, `idle` when it is paused.
    """
    found = await found_task(house, actor, Action.LIVE_READ, task)
    if wait:
        found = await _rested(house, found, wait)
    return Json(await view_of(house, found))


@router.patch(
    "/{task}", operation_id="reconfigure_live_task", summary="Change a task", response_model=LiveShape
)
async def reconfigure_live_task(task: Id, wish: WishForm, house: TheHouse, actor: Changer) -> Response:
    """Change what a task is asked to do before its next iteration; what is left out stays."""
    found = await found_task(house, actor, Action.LIVE_CHANGE, task)
    asked = _merged(plain(found.wish), wish.model_dump(exclude_unset=True))
    return Json(await view_of(house, await house.live.reconfigure(found.id, wish_of(asked))))


@router.delete("/{task}", operation_id="delete_live_task", summary="Delete a task", status_code=204)
async def delete_live_task(task: Id, house: TheHouse, actor: Remover) -> Response:
    """Delete a task with its rows, whatever it does."""
    found = await found_task(house, actor, Action.LIVE_DELETE, task)
    await house.live.delete(found.id)
    return Response(status_code=204)


async def told(request: Request, house: House, task: LiveTask, status: int) -> Response:
    """Return a new task as an answer that says where it is."""
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{task.id}"}
    return Json(await view_of(house, task), status, where)


async def _rested(house: House, task: LiveTask, seconds: float) -> LiveTask:
    try:
        return await house.live.wait(task.id, seconds)
    except LiveConflict as error:
        if error.error_code != "timeout":
            raise
    return await house.live.get(task.id)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return nested values with others put over them."""
    deep = {
        name: _merged(below[name], value)
        for name, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(name), dict)
    }
    return below | above | deep


LIVE = Face("live tasks", router)
