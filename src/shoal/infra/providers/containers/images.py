"""The image of a container: there already, fetched from a registry, or imported from an address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from shoal.base.errors import NotFound
from shoal.infra.errors import Refused
from shoal.jobs.containers.engine import Engine, EngineRefused

IDLE = 600.0  # seconds a registry may be silent
LOCAL, REGISTRY = "local", "dockerhub"


def image(engine: Engine, resource: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of an image and its configuration; it is fetched when it is not there.

    Raises:
        Refused: it is not there and may not be fetched, or there is none.
        EngineRefused: it could not be fetched.
    """
    name = _name(resource)
    try:
        return name, _configuration(engine, name)
    except NotFound:
        _fetch(engine, name, str(resource.get("origin") or REGISTRY))
    return name, _configuration(engine, name)


def _name(resource: Mapping[str, Any]) -> str:
    given = str(resource.get("image") or "")
    if not given:
        raise Refused("The resource section names no image.", hint="Write image: NAME and tag: TAG.")
    has_tag = "@" in given or ":" in given.rpartition("/")[2]
    return given if has_tag else f"{given}:{resource.get('tag') or 'latest'}"


def _configuration(engine: Engine, name: str) -> dict[str, Any]:
    found = engine.get(f"/images/{quote(name, safe='/:@')}/json")
    return dict(found.get("Config") or {})


def _fetch(engine: Engine, name: str, origin: str) -> None:
    if origin == LOCAL:
        raise Refused(
            f"The engine has no image {name}.",
            hint="Load it there, or write origin: dockerhub to have it fetched.",
        )
    base, _, tag = name.rpartition(":")
    query = {"fromImage": name} if origin == REGISTRY else {"fromSrc": origin, "repo": base, "tag": tag}
    with engine.opened("POST", "/images/create", query=query, timeout=IDLE) as answer:
        for line in filter(bytes.strip, answer):
            if error := orjson.loads(line).get("error"):
                raise EngineRefused(
                    f"The image {name} could not be fetched: {error}.",
                    hint="Is its name right, and does its origin answer?",
                )
