"""/infrastructures/: build from a description, list, look, take down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import InvalidInput
from shoal.infra.deciding.targets import wanted
from shoal.infra.describing.reading import text_bundle
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.plain import description_of
from shoal.infra.states import STANDING, as_occopus
from shoal.server.api.infra_finding import Creator, Reader, Remover, found_infra
from shoal.server.faces import Face
from shoal.server.occopus.answers import refused
from shoal.server.occopus.paths import PATH, Id
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

BODY = "the body of the request"
MOST = 10_000  # more ids are not listed
router = APIRouter(include_in_schema=False)


@router.post(PATH)
@router.post(f"{PATH}/")
async def build(request: Request, house: TheHouse, actor: Creator) -> Response:
    """Build what the YAML of the body describes, and keep it healthy; answers before anything is there."""
    text = _text(await request.body())
    bundle = await asyncio.to_thread(text_bundle, text, BODY)
    built = await house.infra.build(actor.name, bundle.plain(), attach=True)
    return Json({"infraid": built.id})


@router.get(PATH)
@router.get(f"{PATH}/")
async def list_infrastructures(house: TheHouse, actor: Reader) -> Response:
    """List the ids of what is not destroyed; the older service misspelt the key, so both are there."""
    owner = None if actor.admin else actor.name
    ids = [infra.id for infra in await house.infra.find(owner, limit=MOST)]
    return Json({"infrastructures": ids, "infrastuctures": ids})


@router.get(f"{PATH}/{{id}}")
async def look(id: Id, house: TheHouse, actor: Reader) -> Response:
    """Tell the machines of each node, and its numbers."""
    infra = await found_infra(house, actor, Action.INFRA_READ, id)
    return Json(nodes_view(infra, await house.infra.instances(infra.id)))


@router.delete(f"{PATH}/{{id}}")
async def destroy(id: Id, house: TheHouse, actor: Remover) -> Response:
    """Take all machines down; answers before they are gone."""
    infra = await found_infra(house, actor, Action.INFRA_DELETE, id)
    await house.infra.destroy(infra.id)
    return Json({"infraid": infra.id})


def nodes_view(infra: Infrastructure, instances: Iterable[Instance]) -> dict[str, Any]:
    """Return each node with its machines that are not gone, and its numbers."""
    description, machines = description_of(infra.description), list(instances)
    view: dict[str, Any] = {}
    for node in description.nodes:
        own = [each for each in machines if each.node == node.name]
        view[node.name] = {
            "instances": {each.id: _machine(each) for each in own},
            "scaling": {
                "actual": sum(each.state in STANDING for each in own),
                "target": wanted(description, infra.targets, node.name),
                "min": node.least,
                "max": node.most,
            },
        }
    return view


def addresses(instance: Instance) -> str | list[str] | None:
    """Return where a machine is: its address, a list of several, None before there is one."""
    many = list(instance.addresses)
    return many if len(many) > 1 else next(iter(many), None)


def _machine(instance: Instance) -> dict[str, Any]:
    return {"resource_address": addresses(instance), "state": as_occopus(instance.state)}


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("The body is not text in UTF-8.", hint="Send the description as YAML.") from error


INFRASTRUCTURES = Face("infrastructures of Occopus", router, render=refused, below=PATH)
