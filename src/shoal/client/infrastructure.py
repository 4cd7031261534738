"""One infrastructure of a server: a cluster of machines from a description."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from shoal.base.errors import Conflict, ShoalError
from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import Ask, Call, Items, json_of, pages
from shoal.client.driver import Driver
from shoal.client.held import Held
from shoal.client.methods import Awaiting, Blocking, change, listing, operation

# The server answers earlier when something changes.
ROUND = 20.0
REMEDY = "What is healthy stays. Why: shoal infra log {0}     again: shoal infra heal {0}"
Facts = dict[str, Any]


class InfrastructureFailed(ShoalError):
    """Say that what was wanted of an infrastructure was not reached; what is healthy stays."""

    code = "infrastructure_failed"
    status = 409


class _Infrastructure(Held):
    noun = "infrastructures"

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.facts["id"])

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.facts["name"])

    @property
    def phase(self) -> str:
        """Return what is the matter: new, building, ready, degraded, failed, destroying or destroyed."""
        return str(self.facts["phase"])

    @property
    def turn(self) -> int:
        """Return the number of the newest wish; with each build, scale, destroy it grows."""
        return int(self.facts["turn"])

    @change
    def wait(
        self, *, timeout: float | None = None, on_change: Callable[[Any], object] | None = None
    ) -> Call[None]:
        """Return when its newest wish is reached; `on_change` is called with it now and after each change.

        Raises:
            InfrastructureFailed: it cannot be reached; `details["error"]` says why. What is healthy stays.
            Conflict: it is paused.
            TimeoutError: it is not reached after `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        turn = self.turn
        while not self._over(turn):
            left = ROUND if end is None else min(ROUND, end - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"{self.id} is not there yet; it is {self.phase}.")
            if on_change is not None:
                on_change(self)
                left = min(left, 1.0)
            params = {"turn": turn, "wait": round(left, 3)}
            self.facts = yield from json_of(Ask("GET", self.path, params=params, patience=left + 30))
        if on_change is not None:
            on_change(self)
        self._check_end()

    @change
    def update(self, bundle: Mapping[str, Any]) -> Call[None]:
        """Wish for what another description says; machines that stay as they are are not touched.

        Raises:
            InvalidInput: the description cannot be used; `details["faults"]` tells of each fault.
        """
        self.facts = yield from json_of(Ask("PUT", self.path, json=dict(bundle)))

    @change
    def scale(
        self, node: str, *, to: int | None = None, by: int | None = None, drop: str | None = None
    ) -> Call[None]:
        """Wish for so many instances of a node, for more or fewer, or that one of them goes.

        Args:
            node: its name in the description.
            to: how many there shall be.
            by: how many more, or with a minus fewer.
            drop: the id or an address of the instance that goes.

        Raises:
            InvalidInput: there is no such node or instance, or the number is outside its limits.
        """
        asked = {"node": node, "to": to, "by": by, "drop": drop}
        yield from self._act("scale", {name: value for name, value in asked.items() if value is not None})

    @change
    def heal(self) -> Call[None]:
        """Look at its machines now, and mend what is not as it is wished."""
        yield from self._act("heal")

    @change
    def attach(self) -> Call[None]:
        """Let it be healed from now on; raises Conflict when it is."""
        yield from self._act("attach")

    @change
    def detach(self) -> Call[None]:
        """Leave it alone from now on; raises Conflict when it is left alone."""
        yield from self._act("detach")

    @change
    def pause(self) -> Call[None]:
        """Do nothing to it, whatever is wished, until `resume`."""
        yield from self._act("pause")

    @change
    def resume(self) -> Call[None]:
        """Go on with what is wished."""
        yield from self._act("resume")

    @change
    def release(self) -> Call[None]:
        """Let many failed machines be replaced at once, after its brake stopped that."""
        yield from self._act("release")

    @change
    def destroy(self) -> Call[None]:
        """Wish that all of its machines go; its history stays."""
        self.facts = yield from json_of(Ask("DELETE", self.path))

    @operation
    def plan(self, *, refresh: bool = False) -> Call[Facts]:
        """Return what would have to be done now: its drift; `refresh` looks at its machines first."""
        params = {"refresh": refresh}
        found: Facts = yield from json_of(Ask("GET", f"{self.path}/plan", params=params, patience=600))
        return found

    @operation
    def instances(self, *, gone: bool = False) -> Call[list[Facts]]:
        """Return its machines, with `gone` also those that were."""
        ask = Ask("GET", f"{self.path}/instances", params={"gone": gone})
        found: list[Facts] = (yield from json_of(ask))["instances"]
        return found

    @operation
    def log(self, instance: str, offset: int = 0) -> Call[Facts]:
        """Return what was done in a machine, from a byte on: `text`, and in `next` where to go on."""
        path = f"{self.path}/instances/{quote(instance, safe='')}/log"
        found: Facts = yield from json_of(Ask("GET", path, params={"offset": offset}))
        return found

    @listing
    def events(self, after: int = 0) -> Items[Facts]:
        """Give what happened in it, oldest first."""
        yield from pages(f"{self.path}/events", "events", {"after": after})

    @operation
    def outputs(self) -> Call[Facts]:
        """Return its addresses, an ssh configuration, and the files that its nodes publish."""
        found: Facts = yield from json_of(Ask("GET", f"{self.path}/outputs"))
        return found

    @operation
    def cost(self) -> Call[Facts]:
        """Return what its machines cost an hour, as far as that is known."""
        found: Facts = yield from json_of(Ask("GET", f"{self.path}/cost"))
        return found

    def _over(self, turn: int) -> bool:
        """Say whether a wish was reached or given up."""
        if self.facts["done"] >= turn:
            return True
        if self.facts["paused"]:
            raise Conflict(f"{self.name} is paused.", hint=f"Go on: shoal infra resume {self.id}")
        return False

    def _check_end(self) -> None:
        error = self.facts["error"]
        if error and self.phase in ("failed", "degraded"):
            why = f"{self.name} is {self.phase}: {error['message']}"
            raise InfrastructureFailed(why, hint=error.get("hint") or REMEDY.format(self.id), error=error)


class Infrastructure(_Infrastructure, Blocking):
    """One infrastructure on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: Driver, facts: Facts) -> None:
        super().__init__(driver)
        self.facts = facts


class AsyncInfrastructure(_Infrastructure, Awaiting):
    """One infrastructure on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: AsyncDriver, facts: Facts) -> None:
        super().__init__(driver)
        self.facts = facts
