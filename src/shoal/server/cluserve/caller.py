"""Who asks, and which task is meant."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from shoal.access import Action, Actor, Resource, require
from shoal.access.decisions import missing
from shoal.base.errors import NotFound
from shoal.live.model import LiveTask
from shoal.live.tasks import Live
from shoal.server.cluserve.reading import Query
from shoal.server.parts import House

TASK = "live task"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request, the house that it was sent to, and its query."""

    actor: Actor
    house: House
    query: Query

    @property
    def live(self) -> Live:
        """Return the live tasks."""
        return self.house.live


Asked = strawberry.Info[Caller, None]


async def found(info: Asked, action: Action, id: str) -> LiveTask:
    """Return a task that the caller may do this to; raises NotFound or Forbidden."""
    try:
        task = await info.context.live.get(id)
    except NotFound as error:
        raise missing(TASK, id) from error
    require(info.context.actor, action, Resource(TASK, task.id, task.owner))
    return task
