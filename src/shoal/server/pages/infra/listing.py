"""All infrastructures: /app/infra, and the part of it that moves."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Actor
from shoal.infra.model import Infrastructure
from shoal.infra.states import STANDING, State
from shoal.server.faces import Face
from shoal.server.pages.address import Address
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.infra.looking import PATH, Reader
from shoal.server.pages.infra.words import look_of
from shoal.server.pages.look import Look
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(include_in_schema=False)
SIZE = 25
After = Annotated[str, Query(max_length=255)]


class Line(NamedTuple):
    """An infrastructure as the list shows it."""

    infra: Infrastructure
    look: Look
    ready: int
    standing: int


@router.get(PATH)
async def show(request: Request, house: TheHouse, actor: Reader, after: After = "") -> Response:
    """Show the newest infrastructures, the destroyed ones too."""
    return render(request, "infra.html.j2", await _context(house, actor, after))


@router.get("/app/part/infra")
async def show_part(request: Request, house: TheHouse, actor: Reader, after: After = "") -> Response:
    """Send the table of the list again."""
    return part(request, "infra_table.html.j2", await _context(house, actor, after))


async def _context(house: House, actor: Actor, after: str) -> dict[str, Any]:
    owner = None if actor.admin else actor.name
    found = await house.infra.find(owner, gone=True, limit=SIZE + 1, after=after or None)
    counts = await house.infra.count([one.id for one in found[:SIZE]])
    return {
        "lines": [_line(one, counts.get(one.id, {})) for one in found[:SIZE]],
        "address": Address(PATH, {"after": after}, {}),
        "next": found[SIZE - 1].id if len(found) > SIZE else "",
    }


def _line(infra: Infrastructure, counts: dict[str, int]) -> Line:
    standing = sum(n for state, n in counts.items() if State(state) in STANDING)
    return Line(infra, look_of(infra), counts.get(State.READY.value, 0), standing)


INFRA_LIST = Face("list of infrastructures", router, render=error_page, below="/app")
