"""All infrastructures: /app/infra, and the part of it that moves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Actor
from shoal.server.faces import Face
from shoal.server.pages.address import Address
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.infra.lines import lines
from shoal.server.pages.infra.looking import PATH, Reader
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(include_in_schema=False)
SIZE = 25
After = Annotated[str, Query(max_length=255)]


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
    return {
        "lines": await lines(house, found[:SIZE]),
        "address": Address(PATH, {"after": after}, {}),
        "next": found[SIZE - 1].id if len(found) > SIZE else "",
    }


INFRA_LIST = Face("list of infrastructures", router, render=error_page, below="/app")
