"""JSON that jobs read by id: /api/v1/objects."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.jobs.store.searching import REST, matching
from shoal.server import offload
from shoal.server.api.attachments import SAVED
from shoal.server.api.filters import Where, filter_of
from shoal.server.api.paging import Cursor, Limit, decode, encode, part
from shoal.server.api.shapes.data import ObjectChange, ObjectPage, ObjectShape, ObjectWish
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import sent
from shoal.storage import objects
from shoal.storage.objects import Object
from shoal.storage.tables import objects as table

PATH = "/api/v1/objects"
SEARCHED = {
    **{name: table.c[name] for name in ("id", "datatype", "created", "edited", "size", "sha256")},
    "data": table.c.content,
    REST: table.c.extra,
}
router = APIRouter(prefix=PATH, tags=["data for jobs"])
Id = Annotated[str, Path(max_length=64, description="the object's id")]
Reader = Annotated[Actor, Depends(Rule(Action.OBJECT_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.OBJECT_CREATE))]
Changer = Annotated[Actor, Depends(Rule(Action.OBJECT_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.OBJECT_DELETE))]


@router.get("", operation_id="list_objects", summary="List stored objects", response_model=ObjectPage)
async def list_objects(
    house: TheHouse, actor: Reader, where: Where = None, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List your objects by id, without their data; `where` looks into data of up to 1 MiB, too."""
    (after,), wanted = decode(cursor, str) or ("",), filter_of(where)

    def find(conn: Connection) -> list[Object]:
        fits = [] if wanted is None else [matching(conn, wanted, SEARCHED)]
        return objects.find(conn, actor.name, where=fits, after=after, limit=limit + 1)

    found = await offload.read(house.database, find)
    return part("objects", found, limit, object_view, lambda last: encode(last.id))


@router.post(
    "", operation_id="create_object", summary="Keep JSON", status_code=201, response_model=ObjectShape
)
async def create_object(wish: ObjectWish, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep JSON for jobs; 422 when it cannot be of its datatype, 409 when the id is taken."""
    kept = await asyncio.to_thread(
        objects.add,
        house.database,
        house.storage,
        actor.name,
        wish.datatype,
        wish.data,
        id=wish.id,
        extra=wish.extra,
    )
    where = {"Location": request.scope.get("root_path", "") + f"{PATH}/{kept.id}"}
    return Json(object_view(kept), 201, where)


@router.get(
    "/{object}", operation_id="read_object", summary="Describe a stored object", response_model=ObjectShape
)
async def read_object(object: Id, house: TheHouse, actor: Reader) -> Response:
    """Say what is kept under an id, without the data."""
    return Json(object_view(await found_object(house, actor, Action.OBJECT_READ, object)))


@router.get(
    "/{object}/data",
    operation_id="download_object",
    summary="The data itself",
    responses={200: {"content": {"application/json": {"schema": {}}}}},
)
async def download_object(object: Id, house: TheHouse, actor: Reader) -> Response:
    """Send the data as it was sent here."""
    found = await found_object(house, actor, Action.OBJECT_READ, object)
    file = await asyncio.to_thread(house.storage.open, found.key)
    return await sent(file, "application/json", SAVED)


@router.patch(
    "/{object}", operation_id="change_object", summary="Change a stored object", response_model=ObjectShape
)
async def change_object(object: Id, wish: ObjectChange, house: TheHouse, actor: Changer) -> Response:
    """Change the data, the datatype or what is said beside them; jobs that wait keep the old data."""
    found = await found_object(house, actor, Action.OBJECT_CHANGE, object)
    given = {name: getattr(wish, name) for name in wish.model_fields_set}
    changed = await asyncio.to_thread(objects.change, house.database, house.storage, found, **given)
    return Json(object_view(changed))


@router.delete("/{object}", operation_id="delete_object", summary="Delete a stored object", status_code=204)
async def delete_object(object: Id, house: TheHouse, actor: Remover) -> Response:
    """Delete an object of yours."""
    await found_object(house, actor, Action.OBJECT_DELETE, object)
    await asyncio.to_thread(objects.remove, house.database, actor.name, [object])
    return Response(status_code=204)


async def found_object(house: House, actor: Actor, action: Action, id_: str) -> Object:
    """Return an actor's own object; raises NotFound."""
    found = await offload.read(house.database, lambda conn: objects.get(conn, actor.name, id_))
    require(actor, action, Resource("stored object", id_, found.owner))
    return found


def object_view(stored: Object) -> dict[str, Any]:
    """Return an object without its data and its place in the storage."""
    names = ("id", "datatype", "size", "sha256", "created", "edited", "extra")
    return {name: getattr(stored, name) for name in names}


OBJECTS = Face("stored objects", router)
