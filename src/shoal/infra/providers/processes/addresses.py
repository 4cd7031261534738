"""Loopback addresses: each machine that is a process has one of its own.

An address is held by the name of a socket in the abstract namespace, which belongs to the same network
namespace as the address itself: two processes never get the same, whoever they are, and nothing is left to
tidy up when one is killed.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address

from shoal.infra.errors import NoCapacity

# 127.128.0.0/9: far from 127.0.0.1, 127.0.0.53, 127.0.1.1 and whatever else people use by hand.
_FIRST = int(IPv4Address("127.128.0.0"))
_COUNT = 1 << 23
_TRIES = 1000


def hold(seed: str, wanted: str | None) -> tuple[str, socket.socket]:
    """Take an address, the wanted one if it is free; it is held while the socket is open.

    Raises:
        NoCapacity: none was found.
    """
    for address in _candidates(seed, wanted):
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0shoal-machine-{address}")
        except OSError:
            holder.close()
            continue
        return address, holder
    raise NoCapacity("No loopback address is free.", hint="Destroy what is not needed any more.")


def _candidates(seed: str, wanted: str | None) -> Iterator[str]:
    if wanted:
        yield wanted
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    for offset in range(_TRIES):
        number = _FIRST + (start + offset) % _COUNT
        if number % 256 not in (0, 255):
            yield str(IPv4Address(number))
