"""Finding a live task for somebody who may do something to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from shoal.access import Action, Actor, Resource, require
from shoal.live.model import LiveTask
from shoal.server.api.live_views import View, live_view
from shoal.server.parts import House
from shoal.server.rules import Rule

PATH = "/api/v1/live"
NEWEST = "last"
Id = Annotated[str, Path(max_length=255, description="the task's id, or `last` for the newest")]
Reader = Annotated[Actor, Depends(Rule(Action.LIVE_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.LIVE_CHANGE))]


async def found_task(house: House, actor: Actor, action: Action, id_: str) -> LiveTask:
    """Return a task that an actor may do something to; raises NotFound and Forbidden."""
    task = await (_newest(house, actor) if id_ == NEWEST else house.live.get(id_))
    require(actor, action, Resource("live task", task.id, task.owner))
    return task


async def _newest(house: House, actor: Actor) -> LiveTask:
    found = await house.live.find(None if actor.admin else actor.name, limit=1)
    return found[0] if found else await house.live.get(NEWEST)


async def view_of(house: House, task: LiveTask) -> View:
    """Return everything about a task, as it is told."""
    return live_view(task, await house.live.summary(task.id))
