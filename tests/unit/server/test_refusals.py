"""Laws of errors: the face's own language, an id to quote, and nothing of the inside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shoal.access import OWNER, Action, Actor
from shoal.access.tokens import Tokens
from shoal.base.errors import Conflict
from shoal.base.settings import Settings
from shoal.server.app import make_api
from shoal.server.draining import Draining
from shoal.server.faces import Face, Faces
from shoal.server.house import House
from shoal.server.listener import Listener
from shoal.server.problems import Problem
from shoal.server.rules import Rule
from shoal.server.tracing import Tracing

Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
SECRET = "hunter2"


async def broken(actor: Reader) -> Response:
    raise RuntimeError(f"the password is {SECRET}")


async def conflicting(actor: Reader) -> Response:
    raise Conflict("It runs.", hint="Wait.", job=7)


def old_language(request: Request, problem: Problem, headers: Mapping[str, str] | None) -> Response:
    return PlainTextResponse(f"ERR {problem['code']}", problem["status"], headers)


def as_owner(app: ASGIApp, port: int) -> ASGIApp:
    """Stand where the guard stands: whoever asks is the owner."""

    async def admitted(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] |= {"actor": OWNER, "listener": Listener("127.0.0.1", port)}
        await app(scope, receive, send)

    return admitted


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(Settings(home=tmp_path / "home")) as opened:
        yield opened


def ask(house: House, path: str, *faces: Face, port: int = 8002) -> httpx.Response:
    app = Tracing(as_owner(make_api(house, Faces(faces), Draining(), Tokens()), port))

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await http.get(path)

    return asyncio.run(run())


def new_face() -> Face:
    router = APIRouter()
    router.add_api_route("/broken", broken)
    router.add_api_route("/conflicting", conflicting)
    return Face("new", router)


def old_face() -> Face:
    router = APIRouter()
    router.add_api_route("/old/broken", broken)
    router.add_api_route("/old/conflicting", conflicting)
    return Face("old", router, render=old_language, ports=frozenset({5000}))


def test_an_error_of_ours_is_logged_and_told_without_its_inside(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "shoal.server"):
        answer = ask(house, "/broken", new_face())
    assert answer.status_code == 500
    told = answer.json()
    assert told["title"] == "This is our fault."
    assert told["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in answer.text
    logged = [record for record in caplog.records if told["request_id"] in record.getMessage()]
    assert len(logged) == 1
    assert logged[0].exc_info is not None


def test_an_error_for_people_keeps_its_facts(house: House) -> None:
    told = ask(house, "/conflicting", new_face()).json()
    assert told | {"request_id": ""} == {
        "type": "urn:shoal:error:conflict",
        "title": "It runs.",
        "detail": "Wait.",
        "status": 409,
        "code": "conflict",
        "job": 7,
        "request_id": "",
    }


def test_each_face_answers_errors_in_its_own_language(house: House) -> None:
    faces = (new_face(), old_face())
    assert ask(house, "/old/conflicting", *faces, port=5000).text == "ERR conflict"
    assert ask(house, "/old/broken", *faces, port=5000).text == "ERR internal"
    assert ask(house, "/conflicting", *faces, port=5000).json()["code"] == "conflict"


def test_a_face_of_another_port_is_not_there(house: House) -> None:
    assert ask(house, "/old/conflicting", old_face(), port=8002).status_code == 404
