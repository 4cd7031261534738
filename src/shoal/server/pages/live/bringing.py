"""Bringing a live task here from a file that an export gave: /app/live/import."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import InvalidInput, ShoalError
from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import file, form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.live.looking import PATH, Creator, Reader, path_of
from shoal.server.pages.uploading import AROUND
from shoal.server.rules import TheHouse

IMPORT = f"{PATH}/import"
router = APIRouter(include_in_schema=False)
# What is said beside the form; anything else is a page of its own.
SAID = (413, 415, 422, 429)


@router.get(IMPORT)
async def ask(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Ask for an exported task."""
    return _form(request, house.settings.limits.upload)


@router.post(IMPORT)
async def bring(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Make a task of what was exported, or say in its place what is wrong with the file."""
    async with form_of(request) as form:
        name = text(form, "name").strip()[:255]
        try:
            sent = file(form, "file")
            if sent is None:
                raise InvalidInput("Choose a file first.")
            task = await house.live.import_(actor.name, await sent.read(), name or None)
        except ShoalError as error:
            if error.status not in SAID:
                raise
            words = f"{error.message} {error.hint}".strip()
            return _form(request, house.settings.limits.upload, name, words, error.status)
    return go(request, path_of(task), "It is here, with its clusters and its frame. Play lets it go on.")


def _form(request: Request, limit: int, name: str = "", wrong: str = "", status: int = 200) -> Response:
    context = {"limit": limit, "name": name, "errors": {"file": wrong} if wrong else {}}
    return render(request, "live_import.html.j2", context, status=status)


def bringing_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    limits = {("POST", IMPORT): settings.limits.upload + AROUND}
    return Face("brought live tasks", router, render=error_page, uploads=limits)
