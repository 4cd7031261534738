"""The access rule of a route: which action it is."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection

from shoal.access import Action, Actor, require
from shoal.server.draining import Draining
from shoal.server.parts import House


class Rule:
    """Let the request's actor through when it may do the action; the route gets the `Actor`.

    A route that acts on a certain thing asks `require` again when it has found the thing.
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, connection: HTTPConnection) -> Actor:
        """Return who acts, by a request or over a socket; raises Unauthenticated or Forbidden."""
        actor: Actor = connection.state.actor
        require(actor, self.action)
        return actor


def rule_of(route: APIRoute | APIWebSocketRoute) -> Rule | None:
    """Return the access rule that a route declares."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    return next((call for call in calls if isinstance(call, Rule)), None)


async def the_house(connection: HTTPConnection) -> House:
    """Return the house that is served."""
    return cast(House, connection.app.state.house)


async def the_draining(connection: HTTPConnection) -> Draining:
    """Return what tells that the server stops."""
    return cast(Draining, connection.app.state.draining)


TheHouse = Annotated[House, Depends(the_house)]
TheDraining = Annotated[Draining, Depends(the_draining)]
