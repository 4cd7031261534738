"""Who works for a server, and the machines that may."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from shoal.client.calls import API, Ask, Call, json_of
from shoal.client.methods import Awaiting, Blocking, operation


class _Workers:
    @operation
    def list(self) -> Call[list[dict[str, Any]]]:
        """Return every pool of workers and every node, with what it runs."""
        found: list[dict[str, Any]] = (yield from json_of(Ask("GET", f"{API}/workers")))["workers"]
        return found

    @operation
    def drain(self, name: str) -> Call[None]:
        """Have a worker take no more jobs; what it has it goes on with."""
        yield Ask("POST", f"{API}/workers/{quote(name)}/drain")

    @operation
    def resume(self, name: str) -> Call[None]:
        """Have a worker take jobs again."""
        yield Ask("POST", f"{API}/workers/{quote(name)}/resume")

    @operation
    def invite(self, name: str) -> Call[str]:
        """Return a new token with which a machine joins under a name; one before it is void."""
        return str((yield from json_of(Ask("POST", f"{API}/nodes", json={"name": name})))["token"])

    @operation
    def remove(self, name: str) -> Call[None]:
        """Shut a node out; what it runs is done again by others."""
        yield Ask("DELETE", f"{API}/nodes/{quote(name)}")


class Workers(_Workers, Blocking):
    """Pools of workers and nodes of a server."""


class AsyncWorkers(_Workers, Awaiting):
    """Pools of workers and nodes of a server."""
