"""Sending a file: /app/datasets/new, and the shipped example."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, Resource, require
from shoal.base.errors import InvalidInput, ShoalError
from shoal.base.settings import Settings
from shoal.server import offload
from shoal.server.api.dataset_parts import statistics_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import file, form_of, text
from shoal.server.pages.frame import render
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.storage import datasets
from shoal.storage.datasets import Dataset
from shoal.storage.example import PENGUINS
from shoal.storage.expansion import too_large
from shoal.storage.options import ReadOptions

PATH = "/app/datasets/new"
# A form's other fields and the lines between them.
AROUND = 1 << 20
# Where somebody goes on with what was sent; else to its own page.
THEN = {"study": "/app/studies/new?dataset=", "live": "/app/live/new?dataset="}
SEPARATORS = ("comma", "semicolon", "tab", "pipe", "space")
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.DATASET_READ))]
Creator = Annotated[Actor, Depends(Rule(Action.DATASET_CREATE))]
Short = Annotated[str, Query(max_length=64)]


@router.get(PATH)
async def ask(
    request: Request, house: TheHouse, actor: Reader, replaces: Short = "", then: Short = ""
) -> Response:
    """Ask for a file."""
    return await _form(request, house, actor, {"replaces": replaces, "then": then})


@router.post(PATH)
async def store(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep a file that was sent, or say in its place what is wrong with it."""
    async with form_of(request) as form:
        given = {name: text(form, name)[:64] for name in ("replaces", "then", "delimiter")}
        try:
            dataset = await _kept(house, actor, form, given)
        except ShoalError as error:
            if error.status not in (413, 415, 422):
                raise
            wrong = {_field(error): _words(error)}
            return await _form(request, house, actor, given, wrong, status=error.status)
    return _next(request, dataset, given["then"])


@router.post("/app/datasets/example")
async def example(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Keep the shipped penguins, and go on to a study of them."""
    async with form_of(request):
        dataset = await asyncio.to_thread(
            datasets.add, house.database, house.storage, PENGUINS, None, None, actor.name
        )
    return _next(request, dataset, "study")


async def _form(
    request: Request,
    house: House,
    actor: Actor,
    given: dict[str, str],
    wrong: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {
        "replaced": await _replaced(house, actor, given["replaces"]),
        "then": given["then"] if given["then"] in THEN else "",
        "delimiter": given.get("delimiter", ""),
        "errors": wrong or {},
        "limit": house.settings.limits.upload,
    }
    return render(request, "upload.html.j2", context, status=status)


async def _replaced(house: House, actor: Actor, id_: str) -> Dataset | None:
    """Return the dataset that a file shall be a newer version of; raises NotFound."""
    if not id_:
        return None
    found = await offload.read(house.database, lambda conn: datasets.get(conn, id_))
    require(actor, Action.DATASET_CREATE, Resource("dataset", id_, found.owner))
    return found


async def _kept(house: House, actor: Actor, form: FormData, given: dict[str, str]) -> Dataset:
    sent = file(form, "file")
    if sent is None:
        raise InvalidInput("Choose a file first.")
    replaced = await _replaced(house, actor, given["replaces"])
    limits = house.settings.limits
    if (size := sent.size or 0) > limits.upload:
        raise too_large(sent.filename or "table", size, limits.upload)
    options = ReadOptions(given["delimiter"] or None, limits.expanded, house.spool)
    return await asyncio.to_thread(_added, house, actor, sent, options, replaced)


def _added(
    house: House, actor: Actor, sent: UploadFile, options: ReadOptions, replaced: Dataset | None
) -> Dataset:
    replaces = replaced.id if replaced else None
    added = datasets.add(
        house.database, house.storage, sent.file, sent.filename, options, actor.name, replaces=replaces
    )
    statistics_of(house, added)  # The page that comes next shows them.
    return added


def _field(error: ShoalError) -> str:
    return "delimiter" if "delimiter" in error.details else "file"


def _words(error: ShoalError) -> str:
    """Return what was wrong and what to do about it here: hints may name options of the command line."""
    hint = "Choose the separator here." if "--delimiter" in error.hint else error.hint
    # A message may quote a row on a line of its own.
    between = "\n" if "\n" in error.message else " "
    return f"{error.message}{between}{hint}".strip()


def _next(request: Request, dataset: Dataset, then: str) -> Response:
    return go(request, THEN.get(then, "/app/datasets/") + dataset.id)


def uploading_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    limits = {("POST", PATH): settings.limits.upload + AROUND}
    return Face("uploading", router, render=error_page, uploads=limits)
