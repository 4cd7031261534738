"""Where deliveries may go: what a URL means, what its name resolves to, and which of that is refused.

A name is resolved once and the address that was looked at is the one that is spoken to, so that a name
that means something else a moment later leads nowhere.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shoal.jobs.store.targets import PORTS, check

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Where clouds tell machines their secrets, beside the link-local ones.
_METADATA = {
    ipaddress.ip_address(text)
    for text in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DeliveryRefused(Exception):
    """Say that a delivery is not made, now or ever: where it leads, or what the receiver answered."""


class DeliveryFailed(Exception):
    """Say that a delivery did not arrive, and may when it is tried again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which addresses may be reached that are not of the public internet: all, or those of some hosts."""

    private: bool = False
    hosts: Collection[str] = ()

    def covers(self, host: str) -> bool:
        """Say whether a host may be at a private address."""
        return self.private or host in {name.lower() for name in self.hosts}


def reachable(url: str, policy: Policy) -> str:
    """Return the address of a URL's host that may be spoken to.

    Raises:
        DeliveryRefused: it is none that may be reached.
        DeliveryFailed: the name is not known now.
    """
    parts = check(url)
    host = (parts.hostname or "").lower()
    found = list(_resolved(host, parts.port or PORTS[parts.scheme]))
    allowed = [address for address in found if may_reach(address, private=policy.covers(host))]
    if not allowed:
        raise DeliveryRefused(
            f"{host} is at {', '.join(sorted(map(str, found)))}, where this server delivers nothing to."
        )
    return str(allowed[0])


def may_reach(address: Address, *, private: bool) -> bool:
    """Say whether deliveries may go to an address; `private` allows this machine's and its networks'."""
    address = _embedded(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
        return False
    return private or address.is_global


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, if it is of that sort."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _resolved(host: str, port: int) -> Iterator[Address]:
    try:
        for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            yield ipaddress.ip_address(str(place[0]).partition("%")[0])
    except (OSError, UnicodeError, ValueError) as error:
        raise DeliveryFailed(f"The name {host} cannot be resolved: {error}.") from error
