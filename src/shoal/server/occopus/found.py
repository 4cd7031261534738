"""Finding an infrastructure for somebody who may do something to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from shoal.access import Action, Actor, Resource, require
from shoal.infra.model import Infrastructure
from shoal.server.parts import House
from shoal.server.rules import Rule

PATH = "/infrastructures"
Id = Annotated[str, Path(max_length=255)]
Name = Annotated[str, Path(max_length=255)]
Reader = Annotated[Actor, Depends(Rule(Action.INFRA_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.INFRA_CHANGE))]


async def found(house: House, actor: Actor, action: Action, id: str) -> Infrastructure:
    """Return an infrastructure that an actor may do something to; raises NotFound and Forbidden."""
    infra = await house.infra.get(id)
    require(actor, action, Resource("infrastructure", infra.id, infra.owner))
    return infra
