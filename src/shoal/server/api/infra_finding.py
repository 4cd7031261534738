"""Finding an infrastructure for somebody who may do something to it, and reading what they wish."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from shoal.access import Action, Actor, Resource, require
from shoal.base.errors import InvalidInput, UnsupportedMedia
from shoal.infra.describing.reading import text_bundle
from shoal.infra.model import Infrastructure
from shoal.server.api.infra_views import View, infra_view
from shoal.server.api.live_tables import NotJson
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.shapes.infra import BundleForm
from shoal.server.parts import House
from shoal.server.rules import Rule

PATH = "/api/v1/infrastructures"
NEWEST = "last"
YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
Id = Annotated[
    str,
    Path(max_length=64, pattern=FREE_TEXT, description="the infrastructure's id, or `last` for the newest"),
]
Creator = Annotated[Actor, Depends(Rule(Action.INFRA_CREATE))]
Reader = Annotated[Actor, Depends(Rule(Action.INFRA_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.INFRA_CHANGE))]
Remover = Annotated[Actor, Depends(Rule(Action.INFRA_DELETE))]
BODY: Any = {
    "requestBody": {
        "required": True,
        "description": "A bundle: a description, node definitions, or both. As YAML it is the text of one "
        "file, which cannot import others.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/BundleForm"}},
            "application/yaml": {"schema": {"type": "string"}},
        },
    }
}


async def found_infra(house: House, actor: Actor, action: Action, id_: str) -> Infrastructure:
    """Return an infrastructure that an actor may do something to; raises NotFound and Forbidden."""
    infra = await (_newest(house, actor) if id_ == NEWEST else house.infra.get(id_))
    require(actor, action, Resource("infrastructure", infra.id, infra.owner))
    return infra


async def view_of(house: House, infra: Infrastructure) -> View:
    """Return everything about an infrastructure, as it is told."""
    counts = (await house.infra.standing([infra.id]))[infra.id]
    return infra_view(infra, counts, await house.infra.setback(infra))


async def sent_bundle(request: Request) -> dict[str, Any]:
    """Return the bundle that a request brings.

    Raises:
        UnsupportedMedia: it is neither JSON nor YAML.
        InvalidInput: it is no bundle.
    """
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    body = await request.body()
    if kind in YAML:
        bundle = await asyncio.to_thread(_of_yaml, body)
    elif kind == "application/json":
        bundle = await asyncio.to_thread(_of_json, body)
    else:
        raise UnsupportedMedia(f"A bundle of the kind {kind[:80]} cannot be read.", hint="Send JSON or YAML.")
    return bundle


def _of_json(body: bytes) -> dict[str, Any]:
    try:
        return BundleForm.model_validate(orjson.loads(body)).model_dump()
    except orjson.JSONDecodeError as error:
        raise NotJson(f"The body is not JSON: {error}.") from None
    except ValidationError as error:
        told = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in told]) from None


def _of_yaml(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The body is not text in UTF-8: {error}.") from None
    return text_bundle(text, "body").plain()


async def _newest(house: House, actor: Actor) -> Infrastructure:
    found = await house.infra.find(None if actor.admin else actor.name, gone=True, limit=1)
    return found[0] if found else await house.infra.get(NEWEST)
