"""What the buttons of a live task do: play, pause, stop, copy, delete."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import render
from shoal.server.pages.live.looking import PATH, Changer, Creator, Id, Reader, Remover, path_of, seen
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{task}}", include_in_schema=False)


@router.post("/play")
async def play(request: Request, task: Id, house: TheHouse, actor: Changer) -> Response:
    """Let a task run; one that has ended begins anew."""
    async with form_of(request):
        found = await seen(house, actor, task, Action.LIVE_CHANGE)
    await house.live.play(found.task.id)
    return go(request, found.here)


@router.post("/pause")
async def pause(request: Request, task: Id, house: TheHouse, actor: Changer) -> Response:
    """Let a running task rest."""
    async with form_of(request):
        found = await seen(house, actor, task, Action.LIVE_CHANGE)
    await house.live.pause(found.task.id)
    return go(request, found.here)


@router.post("/stop")
async def stop(request: Request, task: Id, house: TheHouse, actor: Changer) -> Response:
    """End a task; what it found and its rows stay."""
    async with form_of(request):
        found = await seen(house, actor, task, Action.LIVE_CHANGE)
    await house.live.stop(found.task.id)
    return go(request, found.here)


@router.post("/copy")
async def copy(request: Request, task: Id, house: TheHouse, actor: Creator) -> Response:
    """Make a task with the same settings and rows."""
    async with form_of(request):
        found = await seen(house, actor, task)
    name = f"Copy of {found.label}"[:255]
    made = await house.live.copy(found.task.id, actor.name, name)
    return go(request, path_of(made), f"This is a copy of {found.label}, with its settings and rows.")


@router.get("/delete")
async def ask_delete(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask before a task is deleted."""
    return render(request, "live_delete.html.j2", (await seen(house, actor, task)).facts())


@router.post("/delete")
async def delete(request: Request, task: Id, house: TheHouse, actor: Remover) -> Response:
    """Delete a task with its rows."""
    async with form_of(request):
        found = await seen(house, actor, task, Action.LIVE_DELETE)
    await house.live.delete(found.task.id)
    return go(request, PATH, f"{found.label} is deleted.")


LIVE_BUTTONS = Face("buttons of a live task", router, render=error_page, below="/app")
