"""Bubbles' small API: results (centres with their counts) that are kept, listed and drawn.

A result is a stored object, so it is backed up and deleted like any other.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base.errors import InvalidInput, NotFound
from shoal.jobs.store.searching import matching
from shoal.server import offload
from shoal.server.api.objects import SEARCHED
from shoal.server.cluserve.circles import drawn, result_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import render
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.storage import objects

MARK = "bubbles"
MOST = 1_000
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.OBJECT_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.OBJECT_CREATE))]


@router.post("/result")
async def post_result(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep a result and say where it is."""
    result = result_of(await request.body())
    add = partial(objects.add, house.database, house.storage, actor.name, "raw", result)
    kept = await asyncio.to_thread(add, extra={MARK: True, "meta": result["meta"]})
    where = request.scope.get("root_path", "") + f"/result/{kept.id}"
    return Json({"result_id": kept.id}, 201, {"Location": where})


@router.get("/result/{id}")
async def get_result(id: str, house: TheHouse, actor: Reader) -> Response:
    """Answer a result as it was sent, with when it was kept."""
    result, created = await _found(house, actor, id)
    return Json(result | {"created": _told(created)})


@router.get("/results")
async def list_results(
    house: TheHouse, actor: Reader, start: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """List results by id: those kept since `start`, an ISO time, the newest last."""
    wanted = {MARK: True, "created": {"$gte": _microseconds(start) if start else 0}}
    found = await offload.read(
        house.database, lambda conn: objects.find(conn, actor.name, where=[matching(conn, wanted, SEARCHED)])
    )
    kept = sorted(found, key=lambda each: each.created)[-MOST:]
    told = {each.id: {"meta": each.extra.get("meta"), "created": _told(each.created)} for each in kept}
    return Json(told)


@router.get("/bubbles")
async def show_bubbles(
    request: Request,
    house: TheHouse,
    actor: Reader,
    result_id: str,
    x: Annotated[int, Query(ge=0)] = 0,
    y: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Draw a result: area is the count; `x` and `y` are columns by their numbers, `y` may be left out."""
    result, created = await _found(house, actor, result_id)
    picture = drawn(result, x, y)
    return render(request, "bubbles.html.j2", {"picture": picture, "id": result_id, "kept": _told(created)})


async def _found(house: House, actor: Actor, id: str) -> tuple[dict[str, Any], int]:
    """Return a result and when it was kept; raises NotFound."""
    kept = await offload.read(house.database, lambda conn: objects.get(conn, actor.name, id))
    require(actor, Action.OBJECT_READ, Resource("result", id, kept.owner))
    if MARK not in kept.extra:
        raise NotFound(f"There is no result {id}.")
    with await asyncio.to_thread(house.storage.open, kept.key) as file:
        result: dict[str, Any] = orjson.loads(await asyncio.to_thread(file.read))
    return result, kept.created


def _told(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat()


def _microseconds(start: str) -> int:
    try:
        at = datetime.fromisoformat(start)
    except ValueError as error:
        raise InvalidInput("start is not an ISO time.", hint="Write it like 2026-01-31T12:00:00Z.") from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6)


BUBBLES = Face("results of Bubbles", router, render=error_page)
