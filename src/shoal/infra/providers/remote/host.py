"""The hosts that a resource section names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from shoal.infra.errors import Refused

MOST = 4096  # hosts that a range may have
_KEYS = {"address", "port", "user", "private", "host_key", "gone"}


@dataclass(frozen=True, slots=True)
class Host:
    """A machine that can be logged in to; `private` is its address among its like.

    `gone`: it will never come back, so that nothing is asked of it.
    """

    address: str
    port: int = 22
    user: str | None = None
    private: str | None = None
    host_key: str | None = None
    gone: bool = False

    @property
    def name(self) -> str:
        """Return what tells it from all others."""
        return f"{self.address}:{self.port}"


def hosts_of(place: Mapping[str, Any]) -> tuple[Host, ...]:
    """Return the hosts of `hosts` and `range`, each once.

    Raises:
        Refused: there are none, or one is not said as hosts are.
    """
    try:
        given = [*_listed(place), *_ranged(place)]
    except (TypeError, ValueError) as error:
        raise Refused(
            f"The hosts of the resource section cannot be used: {error}.",
            hint="Write hosts: [192.168.1.10, {address: n2, port: 2222}], or range: 10.0.0.1-10.0.0.9.",
        ) from error
    if not given:
        raise Refused("The resource section names no hosts.", hint="Write hosts: [192.168.1.10].")
    return tuple({host.name: host for host in given}.values())


def reached(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return by which of two sections a host that was taken by the first is reached.

    It is the second, which may have another key for it, unless that knows no such host, or has another user
    there: claims lie in a user's home.
    """
    try:
        old, new = ({host.name: host for host in hosts_of(place)}.get(name) for place in (before, after))
    except Refused:
        return before
    same = old is not None and new is not None and old.user == new.user
    return after if same and before.get("sudo", True) == after.get("sudo", True) else before


def _listed(place: Mapping[str, Any]) -> Iterator[Host]:
    for entry in place.get("hosts") or ():
        said = dict(entry) if isinstance(entry, Mapping) else {"address": str(entry)}
        if wrong := set(said) - _KEYS:
            raise ValueError(f"a host has no {', '.join(sorted(map(str, wrong)))}")
        if not said.get("address"):
            raise ValueError("a host has no address")
        usual = {"port": place.get("port") or 22, "user": place.get("user")}
        said = usual | {name: value for name, value in said.items() if value is not None}
        yield Host(**said | {"port": _port(said["port"]), "address": str(said["address"])})


def _ranged(place: Mapping[str, Any]) -> Iterator[Host]:
    if not (text := str(place.get("range") or "")):
        return
    first, _, last = text.partition("-")
    begin = ip_address(first.strip())
    end = ip_address((last or first).strip())
    count = int(end) - int(begin) + 1
    if begin.version != end.version or not 0 < count <= MOST:
        raise ValueError(f"{text} is no range of at most {MOST} addresses")
    for number in range(count):
        yield Host(str(begin + number), _port(place.get("port") or 22), place.get("user"))


def _port(given: Any) -> int:
    if not 0 < (port := int(given)) < 1 << 16:
        raise ValueError(f"{port} is no port")
    return port
