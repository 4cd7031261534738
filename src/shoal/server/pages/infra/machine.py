"""One machine: /app/infra/ID/machines/INSTANCE, with what was done in it, step by step."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Actor
from shoal.infra.model import Instance
from shoal.infra.states import STANDING
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.infra.looking import PATH, Id, Reader, Seen, seen
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{infra}}/machines/{{machine}}", include_in_schema=False)
SHOWN = 200 << 10


@router.get("")
async def show(request: Request, infra: Id, machine: Id, house: TheHouse, actor: Reader) -> Response:
    """Show a machine, also one that is gone."""
    return render(request, "infra_machine.html.j2", await _context(house, actor, infra, machine))


@router.get("/part")
async def show_part(request: Request, infra: Id, machine: Id, house: TheHouse, actor: Reader) -> Response:
    """Send its state and log again."""
    return part(request, "infra_machine_now.html.j2", await _context(house, actor, infra, machine))


async def _context(house: House, actor: Actor, infra: str, machine: str) -> dict[str, Any]:
    found = await seen(house, actor, infra)
    one = await house.infra.instance(found.infra.id, machine)
    log, is_cut = await _log(house, found, one)
    node = found.description.node(one.node)
    droppable = one.state in STANDING and node is not None and found.wanted(node) > node.least
    return dict(found.facts()) | {
        "machine": one,
        "called": f"{one.node}-{one.number}",
        "log": log,
        "cut": SHOWN if is_cut else 0,
        "droppable": droppable,
    }


async def _log(house: House, found: Seen, one: Instance) -> tuple[str, bool]:
    """Return the last whole lines of a machine's log, and whether there are others before them."""
    _, end = await house.infra.log(found.infra.id, one.id, LATEST)
    begin = max(0, end - SHOWN)
    text, _ = await house.infra.log(found.infra.id, one.id, begin)
    return (text.partition("\n")[2] if begin else text), begin > 0


MACHINE = Face("one machine", router, render=error_page, below="/app")
