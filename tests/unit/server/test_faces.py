"""Laws of the registry: one answer for each method and path, and a rule on every route."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse, Response

from shoal.access import Action, Actor
from shoal.base.settings import Settings
from shoal.server.faces import JSON_LIMIT, Face, Faces
from shoal.server.registered import faces_of
from shoal.server.rules import Rule

Pinger = Annotated[Actor, Depends(Rule(Action.SERVER_PING))]
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]


async def answer(actor: Reader) -> Response:
    return PlainTextResponse(actor.name)


async def ping(actor: Pinger) -> Response:
    return PlainTextResponse("pong")


async def without_rule() -> Response:
    return PlainTextResponse("open to all")


def face(*paths: str, method: str = "GET", name: str = "test") -> Face:
    router = APIRouter()
    for path in paths:
        router.add_api_route(path, answer, methods=[method])
    return Face(name, router)


def test_the_servers_own_routes_each_have_a_rule_and_no_double() -> None:
    registry = Faces(faces_of(Settings()))
    assert all(route.rule for route in registry.routes)
    shapes = [(route.method, route.shape) for route in registry.routes]
    assert len(shapes) == len(set(shapes)) >= 24


def test_only_what_shows_nothing_is_a_door() -> None:
    registry = Faces(faces_of(Settings()))
    doors = {route.path for route in registry.routes if registry.is_door(route.method, route.path)}
    pages = {path for path in doors if path.startswith("/app/static/")} | {"/app/sign-in", "/app/sign-out"}
    assert doors == {"/ping", "/healthz"} | pages
    assert registry.is_door("HEAD", "/ping")
    assert not registry.is_door("POST", "/ping")


def test_what_changes_something_is_never_a_reading_action() -> None:
    # A POST of these carries what is asked about, and keeps nothing here.
    asking = {"/api/v1/studies/{study}/predict", "/api/v1/studies/estimate", "/app/sign-in", "/app/sign-out"}
    asking |= {"/app/studies/new/estimate", "/app/studies/{study}/predict", "/jobs"}
    asking |= {"/api/v1/live/{task}/predict", "/app/live/{task}/predict"}
    asking |= {"/v1/graphql"}  # each field of what is posted decides for itself
    asking |= {
        f"/{page}{rest}" for page in ("status", "report") for rest in ("", "/", "/{job_id}", "/{job_id}/")
    }
    for route in Faces(faces_of(Settings())).routes:
        assert route.rule is not None
        reads = route.method in ("GET", "OPTIONS") and route.path not in route.face.acting_gets
        reads |= route.method == "POST" and route.path in asking
        assert route.rule.action.reads == reads, route.path


@pytest.mark.parametrize("paths", [("/a", "/a"), ("/a/{x}", "/a/{y}")])
def test_a_path_answered_twice_is_an_error(paths: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="is answered twice"):
        Faces([face(paths[0]), face(paths[1], name="other")])


def test_two_methods_of_a_path_may_belong_to_two_faces() -> None:
    registry = Faces([face("/a"), face("/a", method="POST", name="other")])
    assert registry.allowed("/a") == ["GET", "POST"]


def test_a_route_without_a_rule_is_an_error() -> None:
    router = APIRouter()
    router.add_api_route("/open", without_rule)
    with pytest.raises(ValueError, match="GET /open has no access rule"):
        Faces([Face("careless", router)])


def test_a_mounted_app_would_have_no_rule_and_is_an_error() -> None:
    router = APIRouter()
    router.mount("/static", PlainTextResponse("x"))
    with pytest.raises(ValueError, match="is not a route with a rule"):
        Faces([Face("careless", router)])


def test_bodies_are_small_unless_a_face_says_otherwise() -> None:
    router = APIRouter()
    router.add_api_route("/up/{id}", answer, methods=["POST"])
    registry = Faces([Face("uploads", router, uploads={("POST", "/up/{id}"): 1 << 40})])
    assert registry.limit_of("POST", "/up/7") == 1 << 40
    assert registry.limit_of("PUT", "/up/7") == registry.limit_of("POST", "/other") == JSON_LIMIT


def test_a_get_that_acts_is_known_by_its_path() -> None:
    router = APIRouter()
    router.add_api_route("/job/{id}/run", answer)
    router.add_api_route("/job/{id}", answer)
    registry = Faces([Face("old", router, acting_gets=frozenset({"/job/{id}/run"}))])
    assert registry.acting_get("/job/7/run")
    assert not registry.acting_get("/job/7")
