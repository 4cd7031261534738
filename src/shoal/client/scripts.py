"""Functions that a server may run."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from shoal.client.calls import API, Ask, Call, json_of
from shoal.client.methods import Awaiting, Blocking, operation

PATH = f"{API}/scripts"
# The first look at a large package takes its time.
LONG = 120.0
Facts = dict[str, Any]


class _Scripts:
    @operation
    def find(self) -> Call[list[Facts]]:
        """Return every function: name, summary, parameters, code_hash."""
        found: list[Facts] = (yield from _every())["scripts"]
        return found

    @operation
    def errors(self) -> Call[list[Facts]]:
        """Return the modules that cannot be read, and why."""
        found: list[Facts] = (yield from _every())["errors"]
        return found

    @operation
    def get(self, name: str) -> Call[Facts]:
        """Return all about a function, also its `doc`, `schema` and `form`; raises NotFound."""
        found: Facts = yield from json_of(Ask("GET", f"{PATH}/{quote(name, safe='')}", patience=LONG))
        return found


class Scripts(_Scripts, Blocking):
    """The functions that a server may run."""


class AsyncScripts(_Scripts, Awaiting):
    """The functions that a server may run."""


def _every() -> Call[Any]:
    return json_of(Ask("GET", PATH, patience=LONG))
