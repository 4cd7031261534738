"""One machine: /app/infra/ID/machines/INSTANCE, with what was done in it, step by step."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Actor
from shoal.base.errors import NotFound
from shoal.infra.model import Instance
from shoal.infra.states import STANDING
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
    one = await _machine(house, found, machine)
    log = await _log(house, found, one)
    node = found.description.node(one.node)
    droppable = one.state in STANDING and node is not None and found.wanted(node) > node.least
    return dict(found.facts()) | {
        "machine": one,
        "log": log[-SHOWN:],
        "cut": SHOWN if len(log) > SHOWN else 0,
        "droppable": droppable,
    }


async def _machine(house: House, found: Seen, machine: str) -> Instance:
    for one in await house.infra.instances(found.infra.id, gone=True):
        if one.id == machine:
            return one
    raise NotFound(f"{found.infra.name} has no machine {machine}.", hint="It may be a part of another.")


async def _log(house: House, found: Seen, one: Instance) -> str:
    """Return all of a machine's log; pieces of it are read one after the other."""
    text, at = "", 0
    while True:
        more, next_ = await house.infra.log(found.infra.id, one.id, at)
        if next_ == at:
            return text
        text, at = (text + more)[-4 * SHOWN :], next_


MACHINE = Face("one machine", router, render=error_page, below="/app")
