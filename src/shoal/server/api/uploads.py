"""Large files in parts that go on after a break: /api/v1/uploads, tus 1.0 with creation and termination."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from typing import Annotated, Any, BinaryIO, TypeVar, cast

from fastapi import APIRouter, Depends, Header, Path
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base.errors import InvalidInput, TooLarge, UnsupportedMedia
from shoal.base.settings import Settings
from shoal.server.api.shapes.datasets import UploadList, UploadShape
from shoal.server.api.tus import (
    MOST_WORD,
    PART,
    RESUMABLE,
    VERSION,
    check_part,
    metadata_of,
    number_of,
    refusal,
    same_version,
    state_of,
)
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import blocks
from shoal.server.upkeep import uploads_of
from shoal.storage import datasets
from shoal.storage.options import ReadOptions, checked_delimiter
from shoal.storage.uploads import Upload

T = TypeVar("T")
PATH = "/api/v1/uploads"
ONE = f"{PATH}/{{upload}}"
router = APIRouter(prefix=PATH, tags=["uploads"], dependencies=[Depends(same_version)])
Id = Annotated[str, Path(max_length=64, description="the upload's id")]
Reader = Annotated[Actor, Depends(Rule(Action.DATASET_READ))]
Sender = Annotated[Actor, Depends(Rule(Action.DATASET_CREATE))]
BYTES: dict[str, Any] = {"content": {PART: {"schema": {"type": "string", "format": "binary"}}}}
OFFSET: dict[str, Any] = {
    "name": "Upload-Offset",
    "in": "header",
    "required": True,
    "description": "where the body goes on: how many bytes are there",
    "schema": {"type": "integer", "minimum": 0},
}
LENGTH = OFFSET | {"name": "Upload-Length", "description": "how many bytes the file has"}
NAMES = {
    "name": "Upload-Metadata",
    "in": "header",
    "required": False,
    "description": "`filename`, `delimiter`, `fingerprint`, each with its value in base 64, between commas",
    "schema": {"type": "string"},
}


@router.options("", operation_id="describe_uploads", summary="What is understood", status_code=204)
async def describe_uploads(house: TheHouse, actor: Reader) -> Response:
    """Say which version and extensions of tus are understood, and how large a file may be."""
    told = {"Tus-Version": VERSION, "Tus-Extension": "creation,termination"}
    limit = {"Tus-Max-Size": str(house.settings.limits.upload)}
    return Response(status_code=204, headers=RESUMABLE | told | limit)


@router.get("", operation_id="list_uploads", summary="What is on its way", response_model=UploadList)
async def list_uploads(house: TheHouse, actor: Reader) -> Response:
    """List uploads, the newest first; those that nothing is sent to are forgotten after a day."""
    found = await asyncio.to_thread(uploads_of(house).list, None if actor.admin else actor.name)
    return Json({"uploads": found})


@router.post(
    "",
    operation_id="create_upload",
    summary="Begin an upload",
    status_code=201,
    response_class=Response,
    openapi_extra={"parameters": [LENGTH, NAMES]},
)
async def create_upload(request: Request, house: TheHouse, actor: Sender) -> Response:
    """Begin an upload of `Upload-Length` bytes; its address is in `Location`."""
    length, told = number_of(request, "Upload-Length"), metadata_of(request)
    delimiter, fingerprint = told.get("delimiter", ""), told.get("fingerprint", "")
    if len(fingerprint) > MOST_WORD:
        raise InvalidInput("The fingerprint is too long.", hint=f"{MOST_WORD} letters at most.")
    made = await asyncio.to_thread(
        uploads_of(house).create,
        actor.name,
        length,
        told.get("filename") or "table",
        delimiter=checked_delimiter(delimiter) if delimiter else "",
        fingerprint=fingerprint,
    )
    where = request.scope.get("root_path", "") + f"{PATH}/{made.id}"
    return Response(status_code=201, headers=state_of(made) | {"Location": where})


@router.get("/{upload}", operation_id="read_upload", summary="How far it is", response_model=UploadShape)
async def read_upload(upload: Id, house: TheHouse, actor: Reader) -> Response:
    """Describe an upload; HEAD sends the same headers, `Upload-Offset` among them."""
    found = await _found(house, actor, upload, Action.DATASET_READ)
    return Json(found, headers=state_of(found))


@router.patch(
    "/{upload}",
    operation_id="continue_upload",
    summary="Send a part",
    status_code=204,
    openapi_extra={"parameters": [OFFSET], "requestBody": {"required": True} | BYTES},
)
async def continue_upload(upload: Id, request: Request, house: TheHouse, actor: Sender) -> Response:
    """Append the body; with the last byte the file is read, and `Shoal-Dataset` names the dataset.

    What has arrived before a connection breaks is kept.
    """
    check_part(request)
    found = await _found(house, actor, upload)
    if not found.dataset:
        found = await _received(request, house, found, number_of(request, "Upload-Offset"))
        if found.whole:
            found = await asyncio.shield(asyncio.to_thread(_finished, house, found))
    return Response(status_code=204, headers=state_of(found))


@router.delete("/{upload}", operation_id="delete_upload", summary="Give it up", status_code=204)
async def delete_upload(upload: Id, house: TheHouse, actor: Sender) -> Response:
    """Forget an upload and what has arrived; a dataset that was made of it stays."""
    found = await _found(house, actor, upload)
    await asyncio.to_thread(uploads_of(house).remove, found.id)
    return Response(status_code=204, headers=RESUMABLE)


@router.post(
    "/{upload}",
    operation_id="override_upload",
    summary="PATCH or DELETE by POST",
    status_code=204,
    openapi_extra={"parameters": [OFFSET], "requestBody": BYTES},
)
async def override_upload(
    upload: Id,
    request: Request,
    house: TheHouse,
    actor: Sender,
    x_http_method_override: Annotated[str, Header(description="PATCH or DELETE")],
) -> Response:
    """Do what `X-HTTP-Method-Override` says, for senders that have no other method."""
    if x_http_method_override == "PATCH":
        return await continue_upload(upload, request, house, actor)
    if x_http_method_override == "DELETE":
        return await delete_upload(upload, house, actor)
    raise InvalidInput("X-HTTP-Method-Override is neither PATCH nor DELETE.")


async def _found(house: House, actor: Actor, id_: str, action: Action = Action.DATASET_CREATE) -> Upload:
    found = await asyncio.to_thread(uploads_of(house).get, id_)
    require(actor, action, Resource("upload", id_, found.owner))
    return found


async def _received(request: Request, house: House, upload: Upload, offset: int) -> Upload:
    announced = int(request.headers.get("content-length", 0))
    if offset + announced > upload.length:
        raise TooLarge(f"The upload was to be {upload.length:,} bytes.", limit=upload.length)
    async with _in_thread(uploads_of(house).appending(upload.id, offset)) as appender:
        # Nobody reads the answer to a sender that has gone; what it sent stays.
        with suppress(ClientDisconnect):
            async for block in blocks(request):
                await asyncio.to_thread(appender.write, block)
    return appender.upload


@asynccontextmanager
async def _in_thread(opened: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave a context in threads; it is left whatever happens to the request."""
    entered = await asyncio.to_thread(opened.__enter__)
    try:
        yield entered
    finally:
        await asyncio.shield(asyncio.to_thread(opened.__exit__, None, None, None))


def _finished(house: House, upload: Upload) -> Upload:
    """Make a whole upload a dataset; one that cannot be read as a table is forgotten."""
    uploads, limit = uploads_of(house), house.settings.limits.expanded
    options = ReadOptions(upload.delimiter or None, limit, house.spool)
    try:
        with uploads.whole(upload.id) as file:
            made = datasets.add(
                house.database, house.storage, cast(BinaryIO, file), upload.name, options, upload.owner
            )
    except (InvalidInput, TooLarge, UnsupportedMedia):
        uploads.remove(upload.id)
        raise
    return uploads.finish(upload.id, made.id)


def uploads_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    limit = settings.limits.upload
    return Face("uploads", router, refusal, uploads={("PATCH", ONE): limit, ("POST", ONE): limit})
