"""/datafile and /datafiles: files that jobs read by name."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.base.settings import Settings
from shoal.server import offload
from shoal.server.api.attachments import SAVED
from shoal.server.api.datafiles import found_datafile, free_name, keep
from shoal.server.faces import Face
from shoal.server.jobserver.answers import refused
from shoal.server.jobserver.document import data_shown
from shoal.server.jobserver.formats import format_of, written
from shoal.server.pages.forms import file, form_of
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.storage import datafiles
from shoal.storage.datafiles import DOCUMENTED, Datafile
from shoal.storage.options import ReadOptions

PATH = "/datafile/{name}"
FORM_ROOM = 1 << 20  # what fields and boundaries may take beside the file
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.DATAFILE_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.DATAFILE_CREATE))]
Remover = Annotated[Actor, Depends(Rule(Action.DATAFILE_DELETE))]


@router.get(PATH)
async def read_datafile(name: str, request: Request, house: TheHouse, actor: Reader) -> Response:
    """Describe a file, or with `format` send its rows."""
    found = await found_datafile(house, actor, Action.DATAFILE_READ, name)
    wanted = request.query_params.get("format")
    return Json(_told(found)) if wanted is None else await _sent(house, found, wanted)


@router.api_route(PATH, methods=["PUT", "POST"])
async def upload_datafile(name: str, request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep the form's field `file` under a name; 409 when the name is taken."""
    datafiles.checked_name(name, DOCUMENTED)
    await free_name(house, actor, name)
    async with form_of(request, check=False) as form:
        upload = file(form, "file")
        if upload is None:
            raise InvalidInput("There is no file.", hint="Send a form (multipart/form-data): field `file`.")
        kept = await keep(house, actor, name, cast(Any, upload.file))
    return Json(_told(kept), 201)


@router.delete(PATH)
async def delete_datafile(name: str, house: TheHouse, actor: Remover) -> Response:
    """Delete a file."""
    await found_datafile(house, actor, Action.DATAFILE_DELETE, name)
    await asyncio.to_thread(datafiles.remove, house.database, house.storage, actor.name, name)
    return Json({"status": 200, "message": f"The data file {name} is deleted.", "acknowledged": True})


@router.get("/datafiles")
async def list_datafiles(house: TheHouse, actor: Reader) -> Response:
    """List your files."""
    found = await offload.read(house.database, lambda conn: datafiles.list_(conn, actor.name))
    return Json({"found": len(found), "files": [_told(each) for each in found]})


@router.delete("/datafiles")
async def delete_datafiles(house: TheHouse, actor: Remover) -> Response:
    """Delete all your files."""
    deleted = await asyncio.to_thread(datafiles.remove_all, house.database, house.storage, actor.name)
    return Json({"deleted": deleted, "total": deleted, "acknowledged": True})


def _told(found: Datafile) -> dict[str, Any]:
    return data_shown({"type": "datafile", "name": found.name, "size": found.size}, None)


async def _sent(house: House, found: Datafile, wanted: str) -> Response:
    how = format_of(wanted)
    options = ReadOptions(max_expanded_bytes=house.settings.limits.expanded, scratch=house.spool)

    def read() -> Any:
        with house.storage.open(found.key) as opened:
            return written(opened, found.name, how, options)

    return StreamingResponse(await asyncio.to_thread(read), media_type=how.media_type, headers=SAVED)


def datafiles_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    limit = settings.limits.upload + FORM_ROOM
    return Face(
        "data files of Jobserver",
        router,
        render=refused,
        uploads={("PUT", PATH): limit, ("POST", PATH): limit},
        below="/datafile",
        open=True,
    )
