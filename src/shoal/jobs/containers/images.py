"""Images: which one a name means here, and fetching it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from shoal.base.errors import NotFound
from shoal.jobs.containers.engine import Engine, EngineRefused

Tell = Callable[[str], None]
IDLE = 600.0  # seconds a registry may be silent


class Image(NamedTuple):
    """An image that is here: the engine's id of its content, and its registry's, if it came from one."""

    id: str
    digest: str


def ready(engine: Engine, name: str, policy: str, tell: Tell) -> Image:
    """Return the image of this name, fetched first when the policy says so; `tell` gets what is going on.

    Raises:
        NotFound: it is not here and may not be fetched, or the registry has none.
        EngineRefused: fetching failed.
        EngineGone: the engine went away.
    """
    if policy != "always":
        try:
            return _inspected(engine, name)
        except NotFound:
            if policy == "never":
                raise NotFound(
                    f"The image {name} is not on this machine, and it may not be fetched.",
                    hint="Load it there, or let it be fetched: pull is missing or always.",
                    code="no_image",
                ) from None
    _pull(engine, name, tell)
    return _inspected(engine, name)


def _inspected(engine: Engine, name: str) -> Image:
    found = engine.get(f"/images/{quote(name, safe='/:@')}/json")
    return Image(found["Id"], next(iter(found.get("RepoDigests") or ()), ""))


def _pull(engine: Engine, name: str, tell: Tell) -> None:
    tell(f"fetching the image {name}")
    query = {"fromImage": name if _has_tag(name) else f"{name}:latest"}
    with engine.opened("POST", "/images/create", query=query, timeout=IDLE) as answer:
        for line in answer:
            if line.strip():
                _heed(name, orjson.loads(line), tell)


def _has_tag(name: str) -> bool:
    return "@" in name or ":" in name.rpartition("/")[2]


def _heed(name: str, news: dict[str, Any], tell: Tell) -> None:
    if error := news.get("error"):
        raise EngineRefused(
            f"The image {name} could not be fetched: {error}.",
            hint="Is its name right, and does its registry answer?",
        )
    # Each layer says how far it is, several times a second; how it begins and ends is news enough.
    if (status := news.get("status")) and not news.get("progressDetail"):
        tell(" ".join(filter(None, [news.get("id"), status])))
