"""The network of an infrastructure at an engine: its machines find each other there by their names."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shoal.base.errors import Conflict, NotFound, Unavailable
from shoal.infra.errors import Refused
from shoal.infra.providers.containers.labels import INFRA, of_infra
from shoal.infra.providers.naming import plain_name
from shoal.jobs.containers.engine import Engine

_MTU = "com.docker.network.driver.mtu"


def network(engine: Engine, infra: str) -> str:
    """Return the id of an infrastructure's network, made if need be; of two made at once one stays.

    Raises:
        Refused: there is another network of that name.
    """
    if not (found := _found(engine, infra)):
        with suppress(Conflict):  # Newer engines refuse a second one: another call has made it just now.
            engine.post("/networks/create", _body(engine, infra))
        found = _found(engine, infra)
    if not found:
        name = _body(engine, infra)["Name"]
        raise Refused(f"The engine has a network {name} that is not ours.", hint="Remove it.")
    first, *others = found
    for other in others:
        with suppress(Unavailable, NotFound):  # In use by a machine that was made meanwhile: it stays.
            engine.call("DELETE", f"/networks/{other['Id']}")
    return str(first["Id"])


def remove(engine: Engine, infra: str) -> None:
    """Remove the network of an infrastructure; whoever was connected to it by hand is disconnected."""
    for found in _found(engine, infra):
        with suppress(NotFound):
            place = f"/networks/{found['Id']}"
            for container in engine.get(place).get("Containers") or ():
                engine.post(f"{place}/disconnect", {"Container": container, "Force": True})
            engine.call("DELETE", place)


def _found(engine: Engine, infra: str) -> list[dict[str, Any]]:
    found = engine.get("/networks", filters=of_infra(infra))
    return sorted(found, key=lambda each: (str(each.get("Created")), each["Id"]))


def _body(engine: Engine, infra: str) -> Mapping[str, Any]:
    return {
        "Name": f"shoal-{plain_name(infra)}",
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Labels": {INFRA: infra},
        "Options": _options(engine),
    }


def _options(engine: Engine) -> dict[str, str]:
    """Return the packet size that this engine was started with: networks of one's own do not inherit it."""
    with suppress(NotFound):
        usual = engine.get("/networks/bridge").get("Options") or {}
        return {_MTU: usual[_MTU]} if _MTU in usual else {}
    return {}
