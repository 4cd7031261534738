"""The page of an infrastructure, /app/infra/ID: its graph, its machines, what happened."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.infra.model import Instance, Node
from shoal.infra.redaction import redacted
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.infra.graph import graph_of
from shoal.server.pages.infra.looking import PATH, Id, Reader, Seen, seen
from shoal.server.pages.infra.words import sentence, told
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{infra}}", include_in_schema=False)
MOST_HAPPENINGS = 200


class Row(NamedTuple):
    """A node with its machines."""

    name: str
    type: str
    least: int
    most: int
    wanted: int
    instances: list[Instance]


@router.get("")
async def show(request: Request, infra: Id, house: TheHouse, actor: Reader) -> Response:
    """Show an infrastructure while it moves."""
    found = await seen(house, actor, infra)
    text = yaml.safe_dump(redacted(dict(found.infra.description)), sort_keys=False, allow_unicode=True)
    context = await _now(house, found) | {"description_text": text}
    return render(request, "infra_one.html.j2", context)


@router.get("/part/now")
async def show_now(request: Request, infra: Id, house: TheHouse, actor: Reader) -> Response:
    """Send how an infrastructure stands."""
    return part(request, "infra_now.html.j2", await _now(house, await seen(house, actor, infra)))


async def _now(house: House, found: Seen) -> dict[str, Any]:
    happenings = await house.infra.happenings(found.infra.id)
    nodes = [_row(found, node) for node in found.description.nodes]
    return dict(found.facts()) | {
        "sentence": sentence(found.infra, found.instances, sum(node.wanted for node in nodes)),
        "graph": graph_of(found.description, found.instances, found.infra.targets),
        "nodes": nodes,
        "happenings": happenings[: -MOST_HAPPENINGS - 1 : -1],
        "told": told,
        "cost": _cost(found),
        "setback": await house.infra.setback(found.infra),
        "trouble": house.infra.trouble,
    }


def _row(found: Seen, node: Node) -> Row:
    own = [one for one in found.instances if one.node == node.name]
    return Row(node.name, node.type, node.least, node.most, found.wanted(node), own)


def _cost(found: Seen) -> str:
    known = [one.price for one in found.instances if one.price is not None]
    return f"{sum(known):.3f}" if sum(known) else ""


INFRA_PAGE = Face("page of an infrastructure", router, render=error_page, below="/app")
