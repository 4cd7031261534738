"""Files that jobs read by name: /api/v1/datafiles."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base.settings import Settings
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.api.datasets import BYTES
from shoal.server.api.paging import Cursor, Limit, decode, encode, part
from shoal.server.api.shapes.data import DatafilePage, DatafileShape
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import sent, spooled
from shoal.storage import datafiles
from shoal.storage.datafiles import Datafile

PATH = "/api/v1/datafiles"
router = APIRouter(prefix=PATH, tags=["data for jobs"])
Name = Annotated[str, Path(max_length=255, description="the file's name with its extension")]
Reader = Annotated[Actor, Depends(Rule(Action.DATAFILE_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.DATAFILE_CREATE))]
Remover = Annotated[Actor, Depends(Rule(Action.DATAFILE_DELETE))]


@router.get("", operation_id="list_datafiles", summary="List data files", response_model=DatafilePage)
async def list_datafiles(
    house: TheHouse, actor: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List your files by name."""
    (after,) = decode(cursor, str) or ("",)
    found = await offload.read(
        house.database, lambda conn: datafiles.list_(conn, actor.name, after=after, limit=limit + 1)
    )
    return part("datafiles", found, limit, datafile_view, lambda last: encode(last.name))


@router.put(
    "/{name}",
    operation_id="create_datafile",
    summary="Keep a file under a name",
    status_code=201,
    response_model=DatafileShape,
    openapi_extra={"requestBody": {"required": True, "content": BYTES}},
)
async def create_datafile(name: Name, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep the body as it is; 409 when the name is taken, 415 for an extension that is not accepted."""
    await free_name(house, actor, name)
    async with spooled(request, house.spool) as file:
        kept = await keep(house, actor, name, cast(BinaryIO, file))
    where = {"Location": f"{request.scope.get('root_path', '')}{PATH}/{kept.name}"}
    return Json(datafile_view(kept), 201, where if kept.name.isascii() else None)


@router.get(
    "/{name}", operation_id="read_datafile", summary="Describe a data file", response_model=DatafileShape
)
async def read_datafile(name: Name, house: TheHouse, actor: Reader) -> Response:
    """Say how large a file is, its hash, and since when it is there."""
    return Json(datafile_view(await found_datafile(house, actor, Action.DATAFILE_READ, name)))


@router.get(
    "/{name}/file",
    operation_id="download_datafile",
    summary="The file as it came",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
)
async def download_datafile(name: Name, house: TheHouse, actor: Reader) -> Response:
    """Send the bytes, to be saved under the file's name."""
    found = await found_datafile(house, actor, Action.DATAFILE_READ, name)
    return await sent_datafile(house, found)


@router.delete("/{name}", operation_id="delete_datafile", summary="Delete a data file", status_code=204)
async def delete_datafile(name: Name, house: TheHouse, actor: Remover) -> Response:
    """Delete a file of yours; jobs that wait for it will fail."""
    await found_datafile(house, actor, Action.DATAFILE_DELETE, name)
    await asyncio.to_thread(datafiles.remove, house.database, house.storage, actor.name, name)
    return Response(status_code=204)


async def free_name(house: House, actor: Actor, name: str) -> None:
    """Pass when a file may be put under a name, before any of it is read; raises as `datafiles.add`."""
    datafiles.checked_name(name)
    await offload.read(house.database, lambda conn: datafiles.check_free(conn, actor.name, name))


async def keep(house: House, actor: Actor, name: str, source: BinaryIO) -> Datafile:
    """Keep an open file under a name; raises what `datafiles.add` does."""
    limit = house.settings.limits.upload
    return await asyncio.to_thread(
        datafiles.add, house.database, house.storage, source, name, actor.name, limit=limit
    )


async def found_datafile(house: House, actor: Actor, action: Action, name: str) -> Datafile:
    """Return an actor's own file; raises NotFound."""
    found = await offload.read(house.database, lambda conn: datafiles.get(conn, actor.name, name))
    require(actor, action, Resource("data file", name, found.owner))
    return found


async def sent_datafile(house: House, found: Datafile) -> Response:
    """Return a reply with a file's bytes."""
    file = await asyncio.to_thread(house.storage.open, found.key)
    return await sent(file, "application/octet-stream", attachment(found.name))


def datafile_view(file: Datafile) -> dict[str, Any]:
    """Return a file without its place in the storage."""
    return {name: getattr(file, name) for name in ("name", "size", "sha256", "created")}


def datafiles_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    return Face("data files", router, uploads={("PUT", PATH + "/{name}"): settings.limits.upload})
