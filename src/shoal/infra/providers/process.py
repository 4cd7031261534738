"""Machines that are processes of this one: a folder, a loopback address, and whoever minds them.

They outlive the pass that makes them and the server. Nothing needs root, and nothing is confined: what runs
in them runs as the user who runs Shoal.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError
from shoal.infra.errors import Refused
from shoal.infra.providers.limits import MachineLimits, limits_of
from shoal.infra.providers.naming import plain_name
from shoal.infra.providers.processes import running, starting
from shoal.infra.providers.processes.folder import Folder
from shoal.infra.providers.provider import Machine, Means, Order, Standing
from shoal.jobs.sandbox import environment


class Processes:
    """Make machines of processes, below one folder; see `Provider`."""

    contextualises = False

    def __init__(self, _place: Mapping[str, Any], means: Means) -> None:
        self._root = Path(means.folder) / "machines"

    def create(self, order: Order) -> str:
        """Make the folder of a machine and start what minds it, or go on where that was left."""
        wanted = _wanted(order)
        folder = self._folder(order.instance)
        while True:
            folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with folder.held() as is_there:
                if is_there:
                    _make(folder, wanted)
                    return folder.path.name

    def machines(self, infra: str) -> Sequence[Machine]:
        """Return the machines of an infrastructure."""
        found = ((folder, folder.order()) for folder in self._folders())
        return [_machine(folder, order) for folder, order in found if order and order["infra"] == infra]

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        """End a machine and all that descends from it, and remove its folder."""
        folder = self._folder(instance)
        with folder.held() as is_there:
            order = folder.order() if is_there else None
            if is_there and (order is None or order["infra"] == infra):
                starting.end(folder)

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        """Run a script in a machine's own folder; 124 when it took too long."""
        return running.run(self._root / plain_name(ref), script, tell, timeout)

    def price(self, resource: Mapping[str, Any]) -> float | None:
        """Return what the section says, else nothing: this machine is there anyway."""
        return float(resource.get("price") or 0.0)

    def clean(self, infra: str) -> None:
        """Remove machines that came late, what was begun of some, and the folder when none is in it."""
        for folder in self._folders():
            with folder.held() as is_there:
                order = folder.order() if is_there else None
                if is_there and (order is None or order["infra"] == infra):
                    starting.end(folder)
        try:
            self._root.rmdir()
        except OSError:
            return  # There is none, or others' machines are in it.

    def _folder(self, instance: str) -> Folder:
        return Folder(self._root / plain_name(instance))

    def _folders(self) -> Iterator[Folder]:
        paths = sorted(self._root.iterdir()) if self._root.is_dir() else []
        return (Folder(path) for path in paths if path.is_dir())


def _make(folder: Folder, wanted: Mapping[str, Any]) -> None:
    there = folder.order()
    if there is None:
        folder.write_order(wanted)
    elif there["infra"] != wanted["infra"]:
        raise Refused(f"The machine {wanted['instance']} is another infrastructure's.")
    starting.start(folder)


def _machine(folder: Folder, order: Mapping[str, Any]) -> Machine:
    state = folder.state()
    address = str(state.get("address", ""))
    standing, detail = _standing(folder, order, state)
    return Machine(
        folder.path.name, order["instance"], standing, (address,) if address else (), address or None, detail
    )


def _standing(folder: Folder, order: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[Standing, str]:
    if not state:
        return Standing.PENDING, "being made"
    if folder.minder() is None:
        return Standing.SHUTDOWN, "nobody minds it any more"
    if order["command"] and not state.get("running"):
        ended = state.get("ended")
        return (Standing.AILING, str(ended)) if ended else (Standing.PENDING, "its command begins")
    return Standing.READY, ""


def _wanted(order: Order) -> dict[str, Any]:
    """Return what a machine's folder says of it; raises Refused for a section that cannot be used."""
    section = order.resource
    try:
        bounds = _bounds(limits_of(section))
        variables = environment.checked(_variables(section.get("env")) | _variables(order.env))
        command = _words(order.command or section.get("command"))
    except (TypeError, ValueError, ShoalError) as error:
        raise Refused(f"The resource section of {order.node} cannot be used: {error}") from error
    named = {"infra": order.infra, "instance": order.instance, "node": order.node, "name": order.name}
    return named | {"limits": bounds, "command": command, "env": variables}


def _bounds(limits: MachineLimits) -> dict[str, Any]:
    """Return the limits of each process of a machine; processors are whole ones."""
    bounds = limits._asdict() | {"cores": limits.cores and ceil(limits.cores)}
    if bounds.pop("processes") is not None:
        raise ValueError("processes cannot be bounded here: they count with all others of the user")
    return bounds


def _variables(given: Any) -> dict[str, str]:
    """Return variables that are a mapping, or a list of NAME=VALUE."""
    if isinstance(given, Mapping):
        return {str(name): str(value) for name, value in given.items()}
    pairs = (str(each).partition("=") for each in given or ())
    return {name: value for name, _, value in pairs}


def _words(command: Any) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else [str(word) for word in command or ()]
