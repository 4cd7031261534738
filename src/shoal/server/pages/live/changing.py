"""Changing the settings of a live task: /app/live/ID/settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import Conflict, InvalidInput
from shoal.live.plain import plain
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of
from shoal.server.pages.frame import render
from shoal.server.pages.job.asking import Errors, errors_of
from shoal.server.pages.live.fields import ADVANCED, ALL, COLUMNS, MAIN, texts_of
from shoal.server.pages.live.form import is_open, texts_in, told_of, wish_in
from shoal.server.pages.live.looking import PATH, Changer, Id, Reader, Seen, seen
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{task}}/settings", include_in_schema=False)


@router.get("")
async def show_form(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Show the settings as they are."""
    found = await seen(house, actor, task)
    return _form(request, found, texts_of(found.task.wish))


@router.post("")
async def send_form(request: Request, task: Id, house: TheHouse, actor: Changer) -> Response:
    """Give the task other settings, or show the form again with what is wrong."""
    async with form_of(request) as form:
        said = texts_in(form)
    found = await seen(house, actor, task, Action.LIVE_CHANGE)
    wish, errors = wish_in(said, kept(found))
    if wish is None:
        return _form(request, found, said, errors)
    try:
        await house.live.reconfigure(found.task.id, wish)
    except (InvalidInput, Conflict) as error:
        return _form(request, found, said, errors_of(error, ALL))
    return go(request, found.here, "Settings are changed. The next iteration takes them.")


def kept(found: Seen) -> dict[str, Any]:
    """Return what the form does not ask for and so stays."""
    asked = {field.place for field in ALL}
    whole = plain(found.task.wish)
    parts = {
        name: {key: value for key, value in whole[name].items() if f"{name}/{key}" not in asked}
        for name in ("algorithm", "pace")
    }
    return {name: value for name, value in whole.items() if name not in asked} | parts


def _form(request: Request, found: Seen, said: Mapping[str, str], errors: Errors | None = None) -> Response:
    context = found.facts() | {
        "values": said,
        "errors": errors or {},
        "main": MAIN,
        "columns_field": COLUMNS,
        "advanced": ADVANCED,
        "told": told_of(said),
        "open": is_open(said, errors or {}),
    }
    return render(request, "live_settings.html.j2", context, status=422 if errors else 200)


LIVE_SETTINGS = Face("settings of a live task", router, render=error_page, below="/app")
