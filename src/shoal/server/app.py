"""The whole server as one ASGI application."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

from shoal import __version__
from shoal.access.tokens import Tokens
from shoal.server.bodies import Bodies
from shoal.server.cluserve.door import Door
from shoal.server.draining import Draining
from shoal.server.faces import Face, Faces, OnPorts
from shoal.server.guard.loopback import Guard
from shoal.server.guard.nodes import NodeDoor
from shoal.server.heads import Heads
from shoal.server.metrics import Measured
from shoal.server.parts import House
from shoal.server.refusals import Refusals
from shoal.server.tracing import Tracing


def make_app(
    house: House, tokens: Tokens, faces: Sequence[Face], *, draining: Draining | None = None
) -> ASGIApp:
    """Return the application that serves a house."""
    registry = Faces(faces)
    api = make_api(house, registry, draining or Draining(), tokens)
    inside = Bodies(Heads(api), limit_of=registry.limit_of, refusal=registry.refusal)
    guard = Guard(
        inside,
        tokens=tokens,
        names=house.settings.hosts,
        is_door=registry.is_door,
        is_open=registry.is_open,
        acting_get=registry.acting_get,
        refusal=registry.refusal,
    )
    door = NodeDoor(inside, guard, database=house.database, refusal=registry.refusal)
    own = Door(door, tokens=tokens, origins=house.settings.graphql.origins)
    return Tracing(Measured(own))


def make_api(house: House, registry: Faces, draining: Draining, tokens: Tokens) -> FastAPI:
    """Return the routes with their errors, without the guard before them."""
    api = FastAPI(
        title="Shoal",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.house = house
    api.state.draining = draining
    api.state.tokens = tokens
    for face in registry.faces:
        ports = [Depends(OnPorts(face.ports))] if face.ports else []
        api.include_router(face.router, dependencies=ports)
    Refusals(registry).install(api)
    return api
