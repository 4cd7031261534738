"""Machines that exist already, over SSH: making one is claiming it, dropping it is giving it back."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from shoal.base.errors import ShoalError
from shoal.infra.errors import NoCapacity, Refused
from shoal.infra.providers.provider import Machine, Means, Order, Standing
from shoal.infra.providers.remote import claims, scripts
from shoal.infra.providers.remote.claims import Claim
from shoal.infra.providers.remote.connection import Access, Unreached
from shoal.infra.providers.remote.host import Host, hosts_of
from shoal.infra.providers.remote.records import Records

T = TypeVar("T")
_AT_ONCE = 32  # connections of one look


class Hosts:
    """Claim hosts of a list; see `Provider`. A call lasts as long as its connections: none is kept."""

    contextualises = False

    def __init__(self, place: Mapping[str, Any], means: Means) -> None:
        folder = Path(means.folder) / "hosts"
        self._hosts = {host.name: host for host in hosts_of(place) if not host.gone}
        self._access = Access(place, means.credentials, folder / "keys")
        self._records = Records(folder)
        self._share = _share(place)
        self._root = '$([ "$(id -u)" = 0 ] || echo sudo -n -H) ' if place.get("sudo", True) else ""

    def create(self, order: Order) -> str:
        """Claim a host for a machine, the same again if it has one."""
        claim = Claim(order.infra, order.instance)
        release = _text(order.resource.get("release") or "")
        chosen = self._records.host(claim)
        if chosen in self._hosts and self._claimed(str(chosen), claim, release):
            return str(chosen)
        troubles: list[ShoalError] = []
        for name in self._shuffled(order.instance):
            self._records.keep(claim, name)
            try:
                if self._claimed(name, claim, release):
                    return name
            except (Unreached, Refused) as error:
                troubles.append(error)
        self._records.forget(claim)
        raise self._none_free(troubles)

    def _none_free(self, troubles: Sequence[ShoalError]) -> ShoalError:
        if (
            troubles
            and len(troubles) == len(self._hosts)
            and all(isinstance(each, Refused) for each in troubles)
        ):
            return troubles[0]
        told = " ".join(each.message for each in troubles[:3])
        return NoCapacity(
            f"None of {len(self._hosts)} hosts is free. {told}".strip(),
            hint="Add hosts, or destroy what is not needed any more.",
        )

    def machines(self, infra: str) -> Sequence[Machine]:
        """Return the claims of an infrastructure; those on hosts that do not answer are unknown."""
        known = self._records.of(infra)

        async def look(host: Host) -> list[Machine]:
            try:
                async with self._access.to(host) as connection:
                    found = await claims.claims(connection)
            except ShoalError as error:
                return [_machine(host, each, error.message) for each in known.get(host.name, ())]
            return [_machine(host, each) for each in found if each.infra == infra]

        return [machine for found in self._each(look) for machine in found]

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        """Free the host of a machine and give it back."""
        claim = Claim(infra, instance)
        name = self._records.host(claim) or ref
        if name in self._hosts:
            _now(self._released(self._hosts[str(name)], claim))
        else:
            self._search(claim)
        self._records.forget(claim)

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        """Run a script on a host as root; 124 when it took too long."""
        if (host := self._hosts.get(ref)) is None:
            raise Refused(f"{ref} is no host of this section.")

        async def run() -> int:
            async with self._access.to(host) as connection:
                return await scripts.run(connection, self._root, script, tell, timeout)

        return _now(run())

    def price(self, resource: Mapping[str, Any]) -> float | None:
        """Return what the section says, else nothing: the hosts are there anyway."""
        return float(resource.get("price") or 0.0)

    def clean(self, infra: str) -> None:
        """Give back hosts that were claimed late, and forget what was kept here."""
        for late in self.machines(infra):
            self.drop(infra, late.instance, late.ref)
        self._records.clear(infra)

    def _claimed(self, name: str, claim: Claim, release: str) -> bool:
        async def ask() -> bool:
            async with self._access.to(self._hosts[name]) as connection:
                return await claims.claim(connection, claim, self._share, release)

        return _now(ask())

    async def _released(self, host: Host, claim: Claim) -> None:
        async with self._access.to(host) as connection:
            await claims.release(connection, claim, self._root)

    def _search(self, claim: Claim) -> None:
        """Free whatever host has a claim that nothing is known of here."""

        async def free(host: Host) -> list[None]:
            try:
                await self._released(host, claim)
            except Unreached:
                return []  # Before a host is claimed that is written down: this one was not.
            return []

        self._each(free)

    def _each(self, look: Callable[[Host], Coroutine[Any, Any, list[T]]]) -> list[list[T]]:
        async def gather() -> list[list[T]]:
            gate = asyncio.Semaphore(_AT_ONCE)

            async def one(host: Host) -> list[T]:
                async with gate:
                    return await look(host)

            return await asyncio.gather(*map(one, self._hosts.values()))

        return _now(gather())

    def _shuffled(self, instance: str) -> list[str]:
        """Return the hosts in an order that is the machine's own, so that many ask at different ones."""
        return sorted(self._hosts, key=lambda name: hashlib.sha256(f"{instance}/{name}".encode()).digest())


def _machine(host: Host, claim: Claim, trouble: str = "") -> Machine:
    standing = Standing.UNKNOWN if trouble else Standing.READY
    private = host.private or host.address
    return Machine(host.name, claim.instance, standing, (host.address,), private, trouble)


def _text(given: Any) -> str:
    """Return a script that is a text, or a list of lines."""
    return given if isinstance(given, str) else "\n".join(map(str, given)) + "\n"


def _share(place: Mapping[str, Any]) -> int:
    try:
        share = int(place.get("share", 1))
    except (TypeError, ValueError):
        share = 0
    if share < 1:
        raise Refused(f"share is {place.get('share')!r}.", hint="Write how many may share a host, like 2.")
    return share


def _now(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)
