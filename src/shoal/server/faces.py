"""The registry of faces: every path that the server answers, in one place.

A face is a group of routes that speak one language: the new API, the health checks, later the pages and
the documented requests of each older system.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from fastapi import APIRouter
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from shoal.access import Action
from shoal.base.errors import ShoalError
from shoal.server import problems
from shoal.server.paths import local_path
from shoal.server.rules import Rule, rule_of

Renderer = Callable[[Request, problems.Problem, Mapping[str, str] | None], Response]
JSON_LIMIT = 16 << 20


@dataclass(frozen=True)
class Face:
    """Say how a group of routes looks from outside.

    Args:
        name: one word for people and for tests.
        router: the routes; each declares a `Rule`.
        render: writes errors in the face's own language.
        below: a path; what is not found below it is an error of this face too.
        ports: the ports of the listeners that answer it; None means all.
        uploads: the body limit in bytes of routes that take more than `JSON_LIMIT`, by (method, path).
        acting_gets: paths whose GET changes something, so that another origin's page may not call them.
        open: its documents know no token: a listener marked open answers it to its network without one.
    """

    name: str
    router: APIRouter
    render: Renderer = problems.answer
    ports: frozenset[int] | None = None
    uploads: Mapping[tuple[str, str], int] = field(default_factory=dict)
    acting_gets: frozenset[str] = frozenset()
    below: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path of a face."""

    face: Face
    method: str
    path: str
    rule: Rule | None
    declared: APIRoute

    @property
    def shape(self) -> str:
        """Return what paths it answers, whatever its parameters are called."""
        return re.sub(r"\?P<\w+>", "", self.declared.path_regex.pattern)

    def matches(self, path: str) -> bool:
        """Say whether a request's path is this route's."""
        return self.declared.path_regex.match(path) is not None


class Faces:
    """All faces of a server.

    Raises:
        ValueError: two routes answer the same method and path, or a route has no access rule.
    """

    def __init__(self, faces: Sequence[Face]) -> None:
        self.faces = tuple(faces)
        self.routes = tuple(route for face in faces for route in _routes(face))
        _check(self.routes)
        doors = [route for route in self.routes if route.rule and route.rule.action is Action.SERVER_PING]
        self._doors = frozenset((route.method, route.path) for route in doors)
        self._acting = tuple(route for route in self.routes if route.path in route.face.acting_gets)

    def is_door(self, method: str, path: str) -> bool:
        """Say whether a request needs no token anywhere; only fixed paths can be doors."""
        return ("GET" if method == "HEAD" else method, path) in self._doors

    def is_open(self, method: str, path: str) -> bool:
        """Say whether a request is answered by a face that an open listener shows to its network."""
        found = [route for route in self.routes if route.matches(path)]
        named = "GET" if method == "HEAD" else method
        return next((route.face.open for route in found if route.method == named), False)

    def limit_of(self, method: str, path: str) -> int:
        """Return how many bytes a request's body may have."""
        route = next((each for each in self.routes if each.method == method and each.matches(path)), None)
        return route.face.uploads.get((method, route.path), JSON_LIMIT) if route else JSON_LIMIT

    def acting_get(self, path: str) -> bool:
        """Say whether a GET of this path changes something."""
        return any(route.matches(path) for route in self._acting)

    def allowed(self, path: str) -> list[str]:
        """Return the methods that a path takes; a path of its own goes before one with a parameter."""
        found = [route for route in self.routes if route.matches(path)]
        exact = [route for route in found if "{" not in route.path]
        return sorted({route.method for route in exact or found})

    def renderer(self, path: str) -> Renderer:
        """Return who writes errors for a path."""
        found = (route.face.render for route in self.routes if route.matches(path))
        near = (face.render for face in self.faces if face.below and f"{path}/".startswith(f"{face.below}/"))
        return next(chain(found, near), problems.answer)

    def refusal(self, scope: Scope, error: ShoalError) -> Response:
        """Return one of our errors as the reply to a request, in the language of the face it was sent to."""
        render = self.renderer(local_path(scope))
        return render(Request(scope), problems.of_shoal(error), problems.headers_of(error))


class OnPorts:
    """Answer only on listeners of certain ports."""

    def __init__(self, ports: frozenset[int]) -> None:
        self._ports = ports

    async def __call__(self, request: Request) -> None:
        """Pass, or say that there is no such path here."""
        if request.state.listener.port not in self._ports:
            raise HTTPException(404)


def _routes(face: Face) -> Iterator[Route]:
    for route in face.router.routes:
        if isinstance(route, APIWebSocketRoute) and rule_of(route) is not None:
            continue  # A socket has no method: a path may have one beside its routes.
        if not isinstance(route, APIRoute):
            raise ValueError(f"{face.name}: {route} is not a route with a rule")
        for method in sorted(route.methods or ()):
            yield Route(face, method, route.path, rule_of(route), route)


def _check(routes: Sequence[Route]) -> None:
    counted = Counter((route.method, route.shape) for route in routes)
    for route in routes:
        if counted[route.method, route.shape] > 1:
            raise ValueError(f"{route.method} {route.path} is answered twice")
        if route.rule is None:
            raise ValueError(f"{route.method} {route.path} has no access rule")
