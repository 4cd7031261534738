"""What the buttons of an infrastructure do: scale, heal, pause, watch, remove a machine."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import InvalidInput
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.infra.looking import PATH, Changer, Id, Seen, seen
from shoal.server.parts import House
from shoal.server.rules import TheHouse
from shoal.studies.wording import counted

router = APIRouter(prefix=f"{PATH}/{{infra}}", include_in_schema=False)
MARKS = {
    "pause": "Nothing is done to it until you say resume.",
    "resume": "It goes on.",
    "attach": "It is watched: what dies is replaced.",
    "detach": "It is not watched any more.",
}


@router.post("/scale")
async def scale(request: Request, infra: Id, house: TheHouse, actor: Changer) -> Response:
    """Want so many machines of a node; fewer only when somebody has said so twice."""
    async with form_of(request) as form:
        found = await seen(house, actor, infra, Action.INFRA_CHANGE)
        node, to, is_sure = text(form, "node"), text(form, "to").strip(), text(form, "sure")
    if not (to.isascii() and to.isdecimal() and len(to) <= 6):
        raise InvalidInput(f"{to or 'Nothing'!r} is no number of machines.", hint="Write a number, like 3.")
    if not is_sure and (fewer := _fewer(found, node, int(to))):
        asks = f"Remove {counted(fewer, 'machine')} of {node}?"
        return _ask(request, found, "scale", asks, "The youngest go first.", {"node": node, "to": to})
    await house.infra.scale(found.infra.id, node, to=int(to))
    return go(request, found.here, f"{node}: {int(to)} wanted.")


@router.post("/heal")
async def heal(request: Request, infra: Id, house: TheHouse, actor: Changer) -> Response:
    """Let a pass make everything as it is wished; a person says so, so the brake is off."""
    async with form_of(request):
        found = await seen(house, actor, infra, Action.INFRA_CHANGE)
    await house.infra.release_brake(found.infra.id)
    return go(request, found.here, "Mending begins.")


@router.post("/pause")
async def pause(request: Request, infra: Id, house: TheHouse, actor: Changer) -> Response:
    """Let nothing be done to it."""
    found = await _mark(request, infra, house, actor)
    await house.infra.pause(found.infra.id)
    return go(request, found.here, MARKS["pause"])


@router.post("/resume")
async def resume(request: Request, infra: Id, house: TheHouse, actor: Changer) -> Response:
    """Go on with what is wished."""
    found = await _mark(request, infra, house, actor)
    await house.infra.resume(found.infra.id)
    return go(request, found.here, MARKS["resume"])


@router.post("/attach")
async def attach(request: Request, infra: Id, house: TheHouse, actor: Changer) -> Response:
    """Let it be healed from now on."""
    found = await _mark(request, infra, house, actor)
    await house.infra.attach(found.infra.id)
    return go(request, found.here, MARKS["attach"])


@router.post("/detach")
async def detach(request: Request, infra: Id, house: TheHouse, actor: Changer) -> Response:
    """Leave it alone from now on."""
    found = await _mark(request, infra, house, actor)
    await house.infra.detach(found.infra.id)
    return go(request, found.here, MARKS["detach"])


@router.post("/machines/{machine}/drop")
async def drop(request: Request, infra: Id, machine: Id, house: TheHouse, actor: Changer) -> Response:
    """Remove one machine, and want one less of its node, when somebody has said so twice."""
    async with form_of(request) as form:
        found = await seen(house, actor, infra, Action.INFRA_CHANGE)
        is_sure = text(form, "sure")
    one = await house.infra.instance(found.infra.id, machine)
    called = f"{one.node}-{one.number}"
    if not is_sure:
        return _ask(
            request, found, f"machines/{one.id}/drop", f"Remove {called}?", f"That is {one.name}.", {}
        )
    await house.infra.scale(found.infra.id, one.node, drop=machine)
    return go(request, found.here, f"{called} is being removed.")


def _fewer(found: Seen, name: str, to: int) -> int:
    """Return how many machines a number would remove, 0 where it cannot be had."""
    node = found.description.node(name)
    return max(0, found.wanted(node) - to) if node is not None and node.least <= to else 0


def _ask(
    request: Request, found: Seen, act: str, asks: str, detail: str, fields: Mapping[str, str]
) -> Response:
    told = {"act": act, "asks": asks, "detail": detail, "fields": fields}
    return render(request, "infra_remove.html.j2", dict(found.facts()) | told)


async def _mark(request: Request, infra: str, house: House, actor: Changer) -> Seen:
    async with form_of(request):
        return await seen(house, actor, infra, Action.INFRA_CHANGE)


INFRA_BUTTONS = Face("buttons of an infrastructure", router, render=error_page, below="/app")
