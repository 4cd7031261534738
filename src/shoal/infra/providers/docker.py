"""Machines that are containers of an engine: Docker's, or podman's.

Those of an infrastructure are on a network of their own, where they find each other by the names of machines
and of nodes. They survive the engine's restart, their logs are capped, none is privileged.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Lock
from types import MappingProxyType
from typing import Any

from shoal.base.errors import Conflict, NotFound, Unavailable
from shoal.infra.errors import Refused
from shoal.infra.providers.containers import images, networks, shell
from shoal.infra.providers.containers.creation import document, name_of
from shoal.infra.providers.containers.failures import asked_first, translated
from shoal.infra.providers.containers.labels import INFRA, INSTANCE, of_infra, of_instance
from shoal.infra.providers.provider import Machine, Means, Order, Standing
from shoal.jobs.containers import finding
from shoal.jobs.containers.engine import TCP, Engine

_PLACE = re.compile(r"[^/:]+:\d{1,5}/?|\[[0-9a-fA-F:]+\]:\d{1,5}/?")
_GRACE = 5  # seconds between SIGTERM and SIGKILL
_MAKING = 60.0  # seconds in which an engine makes a container
_STANDINGS: Mapping[str, Standing] = MappingProxyType(
    {
        "created": Standing.PENDING,
        "running": Standing.READY,
        "restarting": Standing.AILING,
        "paused": Standing.AILING,
        "exited": Standing.SHUTDOWN,
        "removing": Standing.SHUTDOWN,
        "dead": Standing.FAILED,
    }
)


class Docker:
    """Make containers at one engine; see `Provider`."""

    contextualises = False

    def __init__(self, place: Mapping[str, Any], means: Means) -> None:
        self._engine = _engine(place.get("endpoint") or means.engine)
        self._networking = Lock()

    def create(self, order: Order) -> str:
        """Make and start a container, or start the one that there is."""
        with translated():
            ref = self._created(order)
            self._engine.post(f"/containers/{ref}/start")
            return ref

    def machines(self, infra: str) -> Sequence[Machine]:
        """Return the containers of an infrastructure."""
        with translated():
            return [_machine(each) for each in self._found(of_infra(infra))]

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        """Stop and remove a container with its volumes."""
        with translated():
            for found in self._found(of_instance(infra, instance)):
                self._remove(found["Id"])
            self._remove_volumes(of_instance(infra, instance))

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        """Run a script in a container as root; 124 when it took too long."""
        return shell.run(self._engine, ref, script, tell, timeout)

    def price(self, resource: Mapping[str, Any]) -> float | None:
        """Return what the section says, else nothing: the engine is there anyway."""
        return float(resource.get("price") or 0.0)

    def clean(self, infra: str) -> None:
        """Remove the network of an infrastructure, and machines that came late."""
        for late in self.machines(infra):
            self.drop(infra, late.instance, late.ref)
        with translated():
            networks.remove(self._engine, infra)
            self._remove_volumes(of_infra(infra))

    def _created(self, order: Order) -> str:
        name = name_of(order.instance)
        with suppress(NotFound), asked_first():
            return self._own(name, order)
        image, configured = images.image(self._engine, order.resource)
        with self._networking:  # Engines may make two of one name, and then start no machine on either.
            network = networks.network(self._engine, order.infra)
        body = document(order, network, image, configured)
        try:
            return str(self._engine.post("/containers/create", body, name=name)["Id"])
        except Conflict:
            return self._being_made(name, order)

    def _being_made(self, name: str, order: Order) -> str:
        """Return the container that another call makes just now: its name is taken before it is there."""
        until = time.monotonic() + _MAKING
        while time.monotonic() < until:
            with suppress(NotFound):
                return self._own(name, order)
            time.sleep(0.05)
        raise Unavailable(f"Another call makes {name}, and does not come to an end.")

    def _own(self, name: str, order: Order) -> str:
        found = self._engine.get(f"/containers/{name}/json")
        labels = found["Config"].get("Labels") or {}
        if (labels.get(INFRA), labels.get(INSTANCE)) != (order.infra, order.instance):
            raise Refused(f"Another container is called {name}.", hint="Remove it, or give it another name.")
        return str(found["Id"])

    def _found(self, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
        return list(self._engine.get("/containers/json", all=True, filters=filters))

    def _remove(self, ref: str) -> None:
        with suppress(NotFound, Conflict):  # Gone, or somebody else removes it just now.
            self._engine.post(f"/containers/{ref}/stop", t=_GRACE)
            self._engine.call("DELETE", f"/containers/{ref}", query={"force": True, "v": True})

    def _remove_volumes(self, filters: Mapping[str, Any]) -> None:
        for volume in self._engine.get("/volumes", filters=filters).get("Volumes") or ():
            with suppress(NotFound):
                self._engine.call("DELETE", f"/volumes/{volume['Name']}", query={"force": True})


def _engine(endpoint: str | None) -> Engine:
    if not endpoint:
        return finding.find()
    if endpoint.startswith(TCP) and _PLACE.fullmatch(endpoint.removeprefix(TCP)):
        return Engine(endpoint)
    path = endpoint.removeprefix(finding.UNIX)
    if "://" in path:
        raise Refused(
            f"Engines at {endpoint} cannot be used yet.",
            hint="Write unix:///run/docker.sock or tcp://HOST:PORT; tunnel the socket of one far away.",
        )
    # Occopus' own examples say unix://var/run/docker.sock.
    return Engine(f"/{path.lstrip('/')}")


def _machine(found: Mapping[str, Any]) -> Machine:
    known = (found.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = tuple(each["IPAddress"] for each in known.values() if each.get("IPAddress"))
    standing = _STANDINGS.get(found["State"], Standing.UNKNOWN)
    return Machine(
        found["Id"],
        found["Labels"].get(INSTANCE, ""),
        standing,
        addresses,
        next(iter(addresses), None),
        found.get("Status", ""),
    )
