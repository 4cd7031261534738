"""/data: JSON that jobs read by id."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.server import offload
from shoal.server.api.objects import found_object
from shoal.server.faces import Face
from shoal.server.jobserver.answers import refused
from shoal.server.jobserver.bodies import object_of
from shoal.server.jobserver.words import new_id, time_of
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.storage import objects
from shoal.storage.objects import Object, checked_id

OURS = frozenset(("_id", "created", "edited", "user_id", "size"))
OWN = frozenset(("datatype", "data"))
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.OBJECT_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.OBJECT_CREATE))]
Changer = Annotated[Actor, Depends(Rule(Action.OBJECT_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.OBJECT_DELETE))]


@router.get("/data")
async def list_data(house: TheHouse, actor: Reader) -> Response:
    """List your objects without their data."""
    found = await offload.read(house.database, lambda conn: objects.find(conn, actor.name))
    return Json({"found": len(found), "data": [_told(each) for each in found]})


@router.put("/data")
async def create_data(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep JSON under a new id."""
    return await _created(request, house, actor, new_id())


@router.delete("/data")
async def delete_all_data(house: TheHouse, actor: Remover) -> Response:
    """Delete all your objects."""
    deleted = await asyncio.to_thread(objects.remove, house.database, actor.name)
    return Json({"deleted": deleted, "total": deleted, "acknowledged": True})


@router.get("/data/{id}")
async def read_data(id: str, house: TheHouse, actor: Reader) -> Response:
    """Show an object with its data."""
    found = await found_object(house, actor, Action.OBJECT_READ, id)
    data = await asyncio.to_thread(objects.data_of, house.storage, found)
    return Json(_told(found) | {"data": data})


@router.put("/data/{id}")
async def create_named_data(id: str, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep JSON under a given id; 409 when there is one."""
    return await _created(request, house, actor, checked_id(id))


@router.post("/data/{id}")
async def change_data(id: str, request: Request, house: TheHouse, actor: Changer) -> Response:
    """Change or add keys of an object."""
    found = await found_object(house, actor, Action.OBJECT_CHANGE, id)
    body = await object_of(request)
    own = {name: body[name] for name in OWN & body.keys()}
    extra = found.extra | _beside(body)
    await asyncio.to_thread(objects.change, house.database, house.storage, found, **own, extra=extra)
    return Json({"acknowledged": True})


@router.delete("/data/{id}")
async def delete_data(id: str, house: TheHouse, actor: Remover) -> Response:
    """Delete an object."""
    await found_object(house, actor, Action.OBJECT_DELETE, id)
    await asyncio.to_thread(objects.remove, house.database, actor.name, [id])
    return Json({"acknowledged": True})


async def _created(request: Request, house: House, actor: Actor, id: str) -> Response:
    body = await object_of(request)
    if "data" not in body:
        raise InvalidInput("There is no data.", hint='Send {"datatype": "timeseries", "data": {...}}.')
    kept = await asyncio.to_thread(
        objects.add,
        house.database,
        house.storage,
        actor.name,
        body.get("datatype", "raw"),
        body["data"],
        id=id,
        extra=_beside(body),
    )
    return Json(_told(kept), 201)


def _beside(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in OURS | OWN}


def _told(found: Object) -> dict[str, Any]:
    times = {"created": time_of(found.created), "edited": time_of(found.edited)}
    return found.extra | {"_id": found.id, "datatype": found.datatype, "size": found.size} | times


DATA = Face("data of Jobserver", router, render=refused, open=True, below="/data")
