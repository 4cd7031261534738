"""Images: which one a name means here, and fetching it."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from shoal.base.errors import NotFound
from shoal.jobs.containers.engine import Engine, EngineRefused
from shoal.jobs.workers.context import Context

IDLE = 600.0  # seconds a registry may be silent


class Image(NamedTuple):
    """An image that is here: the engine's id of its content, and its registry's, if it came from one."""

    id: str
    digest: str


def ready(engine: Engine, name: str, policy: str, context: Context) -> Image:
    """Return the image of this name, fetched first when the policy says so; the job's log and progress tell.

    Raises:
        NotFound: it is not here and may not be fetched, or the registry has none.
        EngineRefused: fetching failed.
        EngineGone: the engine went away.
        Cancelled: the job was told to stop.
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
    _pull(engine, name, context)
    return _inspected(engine, name)


def _inspected(engine: Engine, name: str) -> Image:
    found = engine.get(f"/images/{quote(name, safe='/:@')}/json")
    return Image(found["Id"], next(iter(found.get("RepoDigests") or ()), ""))


def _pull(engine: Engine, name: str, context: Context) -> None:
    context.log(f"Fetching the image {name}.")
    layers: dict[str, tuple[int, int]] = {}
    query = {"fromImage": name if _has_tag(name) else f"{name}:latest"}
    with engine.opened("POST", "/images/create", query=query, timeout=IDLE) as answer:
        for line in filter(bytes.strip, answer):
            context.check()
            _heed(name, orjson.loads(line), layers, context)


def _has_tag(name: str) -> bool:
    return "@" in name or ":" in name.rpartition("/")[2]


def _heed(name: str, news: dict[str, Any], layers: dict[str, tuple[int, int]], context: Context) -> None:
    if error := news.get("error"):
        raise EngineRefused(
            f"The image {name} could not be fetched: {error}.",
            hint="Is its name right, and does its registry answer?",
        )
    detail = news.get("progressDetail") or {}
    if "total" in detail:
        layers[news.get("id", "")] = detail["current"], detail["total"]
        done, total = (sum(each) for each in zip(*layers.values(), strict=True))
        context.progress(done, total, f"fetching {name}")
    elif status := news.get("status"):
        context.log(" ".join(filter(None, [news.get("id"), status])))
