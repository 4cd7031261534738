"""/info/KEY: what is known of infrastructures, by the names that the older service used inside.

It answers with names, numbers, states and addresses: never with variables, definitions, credentials or
rendered user data, which may hold secrets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import Forbidden, InvalidInput, NotFound
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.plain import description_of
from shoal.infra.states import as_occopus
from shoal.server.api.infra_finding import Reader, found_infra
from shoal.server.faces import Face
from shoal.server.occopus.answers import refused
from shoal.server.occopus.infrastructures import addresses, nodes_view
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

Key = Annotated[str, Path(max_length=100)]
Asked = Mapping[str, str]
router = APIRouter(include_in_schema=False)
# What the older service told, and what may hold a secret.
SECRET = frozenset({"backends.auth_data", "node.definition"})


@router.get("/info/{key}")
async def info(key: Key, request: Request, house: TheHouse, actor: Reader) -> Response:
    """Tell one thing of an infrastructure (`infra_id`), or of a machine in it (also `node_id`)."""
    if key in SECRET:
        raise Forbidden(f"{key} may hold secrets and is not told.", hint=f"There are: {', '.join(_KNOWN)}.")
    if (tell := _KNOWN.get(key)) is None:
        raise NotFound(f"There is nothing called {key!r}.", hint=f"There are: {', '.join(_KNOWN)}.")
    infra = await found_infra(house, actor, Action.INFRA_READ, _given(request.query_params, "infra_id"))
    return Json({"result": await tell(house, infra, request.query_params)})


async def _description(_: House, infra: Infrastructure, __: Asked) -> dict[str, Any]:
    description = description_of(infra.description)
    nodes = [
        {"name": each.name, "type": each.type, "scaling": {"min": each.least, "max": each.most}}
        for each in description.nodes
    ]
    edges = [[each.dependent, each.dependee] for each in description.edges]
    return {
        "infra_id": infra.id,
        "infra_name": infra.name,
        "user_id": description.user_id,
        "nodes": nodes,
        "dependencies": edges,
    }


async def _instances(house: House, infra: Infrastructure, asked: Asked) -> dict[str, Any]:
    view: dict[str, Any] = {node.name: {} for node in description_of(infra.description).nodes}
    for each in await house.infra.instances(infra.id):
        view.setdefault(each.node, {})[each.id] = _told(each)
    return view


async def _state(house: House, infra: Infrastructure, asked: Asked) -> dict[str, Any]:
    return nodes_view(infra, await house.infra.instances(infra.id))


async def _found(house: House, infra: Infrastructure, asked: Asked) -> list[dict[str, Any]]:
    name = asked.get("node_name", asked.get("name"))
    machines = await house.infra.instances(infra.id)
    return [_told(each) for each in machines if name in (None, each.node)]


def _of_machine(tell: Callable[[Instance], Any]) -> Callable[[House, Infrastructure, Asked], Awaitable[Any]]:
    async def told(house: House, infra: Infrastructure, asked: Asked) -> Any:
        id = _given(asked, "node_id")
        for each in await house.infra.instances(infra.id):
            if each.id == id:
                return tell(each)
        raise NotFound(f"{infra.name} has no machine {id[:40]}.")

    return told


def _told(instance: Instance) -> dict[str, Any]:
    return {
        "node_id": instance.id,
        "node_name": instance.node,
        "name": instance.name,
        "instance_id": instance.ref,
        "resource_address": addresses(instance),
        "state": as_occopus(instance.state),
    }


def _given(asked: Asked, name: str) -> str:
    if name not in asked:
        raise InvalidInput(f"Say which: {name} is missing.", hint=f"Like ?{name}=...")
    return asked[name]


_KNOWN: dict[str, Callable[[House, Infrastructure, Asked], Awaitable[Any]]] = {
    "infrastructure.static_description": _description,
    "infrastructure.node_instances": _instances,
    "infrastructure.state": _state,
    "node.find": _found,
    "node.state": _of_machine(lambda each: as_occopus(each.state)),
    "node.resource.state": _of_machine(lambda each: as_occopus(each.state)),
    "node.resource.address": _of_machine(addresses),
    "node.resource.ip_address": _of_machine(lambda each: next(iter(each.addresses), None)),
    "node.resource.cost": _of_machine(lambda each: each.price or 0.0),
}
INFO = Face("info of Occopus", router, render=refused)
