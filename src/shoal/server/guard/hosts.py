"""The names by which this server may be called, against DNS rebinding.

A page whose own name is made to point at 127.0.0.1 counts as the same origin for the browser; only the
Host header betrays it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from shoal.server.listener import is_loopback


def host_name(authority: str) -> str | None:
    """Return the host of HOST or HOST:PORT in lower case, without brackets; None when it is neither."""
    if authority.startswith("["):
        host, closed, rest = authority[1:].partition("]")
        port = rest.removeprefix(":")
        good = bool(closed) and (not rest or rest.startswith(":"))
    else:
        host, colon, port = authority.partition(":")
        good = not colon or bool(port)
    return host.lower() if good and host and (not port or (port.isascii() and port.isdecimal())) else None


def is_address(authority: str) -> bool:
    """Say whether a Host header is an IP address: no name was looked up, so none can have been bound anew."""
    try:
        ipaddress.ip_address(host_name(authority) or "")
    except ValueError:
        return False
    return True


class HostNames:
    """An allow-list of names; loopback names and addresses are always on it."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)

    def allow(self, authority: str) -> bool:
        """Say whether a Host header is one of ours, on whatever port (it may have been forwarded)."""
        host = host_name(authority)
        return host is not None and (host in self._names or is_loopback(host))
