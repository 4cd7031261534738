"""A cloud with delays, quotas, prices and faults, for trying things out and for tests.

A bare `resource: {type: simulated}` is enough. Its other keys: `delay` (seconds until a machine runs),
`late` (seconds until it is listed), `quota` (machines that its cloud, the `endpoint`, has room for), `price`,
`faults` (see `simulation/faults.py`). Machines are rows of a file and answer for their own health.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import time
from typing import Any

from shoal.infra.errors import NoCapacity
from shoal.infra.providers.provider import Machine, Means, Order, Standing
from shoal.infra.providers.simulation.cloud import NEVER, Cloud, Row
from shoal.infra.providers.simulation.faults import controlled, error_of, register, registered, struck

_ILL = "it is said to be ill"


class Simulated:
    """Make machines of rows; see `Provider`."""

    contextualises = True

    def __init__(self, place: Mapping[str, Any], means: Means, clock: Callable[[], float] = time) -> None:
        self._folder = Path(means.folder)
        self._cloud = Cloud(self._folder, clock)
        self._name = str(place.get("endpoint") or "")

    def create(self, order: Order) -> str:
        """Make the machine of an instance, or find it."""
        resource = order.resource
        with self._cloud.changed() as connection:
            register(connection, resource.get("faults"))
        what = self._struck("create", order.node)
        error = error_of(what, "create")
        if error is not None and "after" not in what:
            raise error
        with self._cloud.changed() as connection:
            row = self._cloud.row(connection, order.instance)
            if row is None:
                quota = resource.get("quota")
                if quota is not None and len(self._cloud.rows(connection, self._name)) >= int(quota):
                    raise NoCapacity(f"The simulated cloud has room for {quota} machines.")
                row = self._cloud.add(connection, self._row(order, what))
        if error is not None:
            raise error
        return row.ref

    def machines(self, infra: str) -> Sequence[Machine]:
        """Return the machines of an infrastructure that are listed."""
        what = self._struck("machines", None)
        if (error := error_of(what, "machines")) is not None:
            raise error
        with self._cloud.changed() as connection:
            rows = self._cloud.rows(connection, self._name)
        now = self._cloud.clock()
        there = [row for row in rows if row.infra == infra and row.shown <= now]
        return [] if "empty" in what else [_machine(row, now) for row in there]

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        """End a machine; one that is not listed yet is only found by its reference."""
        with self._cloud.changed() as connection:
            row = self._cloud.row(connection, instance)
        what = self._struck("drop", row.node if row is not None else None)
        error = error_of(what, "drop")
        if error is not None and "after" not in what:
            raise error
        is_ours = row is not None and row.infra == infra
        is_found = row is not None and (ref is not None or row.shown <= self._cloud.clock())
        if is_ours and is_found and "ignored" not in what:
            with self._cloud.changed() as connection:
                self._cloud.remove(connection, instance)
        if error is not None:
            raise error

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        """Raise NotImplementedError: these machines are taken to read their user data."""
        raise NotImplementedError

    def troubles(self, infra: str) -> Mapping[str, str]:
        """Return why machines are not healthy, by instance; those that are not named are well."""
        return {instance: _ILL for instance in self._cloud.unwell(infra)}

    def price(self, resource: Mapping[str, Any]) -> float | None:
        """Return what the section says."""
        return float(resource.get("price") or 0.0)

    def clean(self, infra: str) -> None:
        """End machines that came late: they are all there is."""
        for late in self.machines(infra):
            self.drop(infra, late.instance, late.ref)

    def _struck(self, call: str, node: str | None) -> dict[str, float]:
        faults = controlled(self._folder)
        with self._cloud.changed() as connection:
            return struck(connection, [*faults, *registered(connection)], call, node)

    def _row(self, order: Order, what: Mapping[str, float]) -> Row:
        resource, now = order.resource, self._cloud.clock()
        ready = NEVER if "stuck" in what else now + float(resource.get("delay") or 0.0)
        shown = now + max(float(resource.get("late") or 0.0), what.get("late", 0.0))
        falls = {name: ready + what[name] for name in ("dies", "vanishes", "ill", "stops") if name in what}
        price = float(resource.get("price") or 0.0)
        return Row(0, order.instance, order.infra, order.node, self._name, price, now, shown, ready, **falls)


def _machine(row: Row, now: float) -> Machine:
    if row.dies <= now:
        return Machine(row.ref, row.instance, Standing.SHUTDOWN, detail="it has ended")
    if row.stops <= now:
        return Machine(row.ref, row.instance, Standing.AILING, (row.address,), row.address, "it has stopped")
    if row.ready > now:
        return Machine(row.ref, row.instance, Standing.PENDING)
    return Machine(row.ref, row.instance, Standing.READY, (row.address,), row.address)
