"""Infrastructures of a server: clusters of machines from a description.

A bundle is a description, node definitions, or both, as the command line reads them from files:
`{"description": {...} or None, "definitions": {type: [...]}, "places": {...}}`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import API, Ask, Call, Items, json_of, pages
from shoal.client.driver import Driver
from shoal.client.infrastructure import AsyncInfrastructure, Infrastructure
from shoal.client.methods import Awaiting, Blocking, listing, operation

PATH = f"{API}/infrastructures"
DEFINITIONS = f"{API}/node-definitions"
S = TypeVar("S", Infrastructure, AsyncInfrastructure)
Bundle = Mapping[str, Any]
Facts = dict[str, Any]


class _Infra(Generic[S]):
    _made: Callable[[Facts], S]

    @operation
    def import_definitions(self, bundle: Bundle) -> Call[list[str]]:
        """Keep node definitions, over those of the same types, and return the types.

        Raises:
            InvalidInput: one cannot be used, and none is kept; `details["faults"]` tells of each fault.
        """
        names: list[str] = (yield from json_of(Ask("POST", DEFINITIONS, json=dict(bundle))))["names"]
        return names

    @operation
    def definitions(self) -> Call[list[Facts]]:
        """Return which node definitions are kept."""
        found: list[Facts] = (yield from json_of(Ask("GET", DEFINITIONS)))["definitions"]
        return found

    @operation
    def validate(self, bundle: Bundle) -> Call[Facts]:
        """Check a description against the definitions that it brings and that are kept.

        Raises:
            InvalidInput: `details["faults"]` tells of each fault, with its file and line.
        """
        found: Facts = yield from json_of(Ask("POST", f"{PATH}/validate", json=dict(bundle)))
        return found

    @operation
    def plan(self, bundle: Bundle, infrastructure: str | None = None) -> Call[Facts]:
        """Return what building a description would do, or updating an infrastructure by it."""
        params = {"id": infrastructure}
        found: Facts = yield from json_of(Ask("POST", f"{PATH}/plan", params=params, json=dict(bundle)))
        return found

    @operation
    def build(self, bundle: Bundle, *, attach: bool = True, key: str | None = None) -> Call[S]:
        """Begin to build what a description says; `wait` returns when it is there.

        Args:
            bundle: the description; definitions that it lacks are those that were imported.
            attach: heal it from then on.
            key: under the same key it is built once.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        ask = Ask("POST", PATH, params={"attach": attach}, json=dict(bundle), headers=headers)
        return self._made((yield from json_of(ask)))

    @operation
    def apply(self, plan: Mapping[str, Any]) -> Call[S]:
        """Begin to do what a plan says.

        Raises:
            Conflict: something has changed since it was made (`stale_plan`); nothing was done.
        """
        return self._made((yield from json_of(Ask("POST", f"{PATH}/apply", json=dict(plan)))))

    @operation
    def get(self, infrastructure: str) -> Call[S]:
        """Return an infrastructure by its id, or the newest for `last`; raises NotFound."""
        return self._made((yield from json_of(Ask("GET", f"{PATH}/{quote(infrastructure, safe='')}"))))

    @listing
    def find(self, /, **filters: Any) -> Items[S]:
        """Give infrastructures, newest first; filters are those of GET /api/v1/infrastructures: q, gone."""
        yield from pages(PATH, "infrastructures", filters, self._made)

    @operation
    def sweep(self, *, drop: bool = False) -> Call[Facts]:
        """Look for machines with our tag that no infrastructure knows; `drop` ends them.

        Returns:
            `machines`, and in `failed` the providers that could not be asked and what could not be ended.
        """
        ask = Ask("POST", f"{PATH}/sweep", params={"drop": drop}, patience=660)
        found: Facts = yield from json_of(ask)
        return found


class Infra(_Infra[Infrastructure], Blocking):
    """The infrastructures of a server."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self._made = partial(Infrastructure, driver)

    def __iter__(self) -> Iterator[Infrastructure]:
        """Yield the infrastructures, newest first."""
        return self.find()


class AsyncInfra(_Infra[AsyncInfrastructure], Awaiting):
    """The infrastructures of a server."""

    def __init__(self, driver: AsyncDriver) -> None:
        super().__init__(driver)
        self._made = partial(AsyncInfrastructure, driver)

    def __aiter__(self) -> AsyncIterator[AsyncInfrastructure]:
        """Yield the infrastructures, newest first."""
        return self.find()
