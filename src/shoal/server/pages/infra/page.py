"""The page of an infrastructure, /app/infra/ID: its graph, its machines, what happened."""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.infra.model import Instance, Node
from shoal.infra.redaction import redacted
from shoal.infra.states import State
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.infra.graph import graph_of
from shoal.server.pages.infra.happenings import told
from shoal.server.pages.infra.looking import PATH, Id, Reader, Seen, seen
from shoal.server.pages.infra.words import sentence
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{infra}}", include_in_schema=False)
MOST_HAPPENINGS, MOST_MACHINES = 200, 10


class Row(NamedTuple):
    """A node with its machines: those that somebody should see, and the `rest`, which are all ready.

    `provider` is theirs where all have the same; `priced` says whether any has a price.
    """

    name: str
    type: str
    least: int
    most: int
    wanted: int
    instances: list[Instance]
    rest: list[Instance]
    provider: str
    priced: bool


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
    happenings = await house.infra.latest(found.infra.id, MOST_HAPPENINGS)
    nodes = [_row(found, node) for node in found.description.nodes]
    return dict(found.facts()) | {
        "sentence": sentence(found.infra, found.instances, sum(node.wanted for node in nodes)),
        "graph": graph_of(found.infra, found.description, found.instances),
        "nodes": nodes,
        "happenings": told(happenings, found.instances),
        "cost": sum(one.price or 0.0 for one in found.instances),
        "setback": await house.infra.setback(found.infra),
        "trouble": house.infra.trouble,
        "outputs": await house.infra.outputs(found.infra.id),
        "first": _first(found),
    }


def _first(found: Seen) -> str:
    """Return what ssh may call a machine."""
    return next((f"{one.node}-{one.number}" for one in found.instances if one.state is State.READY), "")


def _row(found: Seen, node: Node) -> Row:
    own = [one for one in found.instances if one.node == node.name]
    own.sort(key=lambda one: (one.state is State.READY, one.number))
    shown = max(MOST_MACHINES, sum(one.state is not State.READY for one in own))
    # A list that would hide one or two only is shown whole.
    shown = shown if len(own) > shown + 2 else len(own)
    providers = {one.provider for one in own}
    return Row(
        node.name,
        node.type,
        node.least,
        node.most,
        found.wanted(node),
        own[:shown],
        own[shown:],
        providers.pop() if len(providers) == 1 else "",
        any(one.price for one in own),
    )


INFRA_PAGE = Face("page of an infrastructure", router, render=error_page, below="/app")
