"""Where the server listens: HOST:PORT[,tls][,open=CIDR]."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from shoal.base.errors import Conflict, Forbidden, InvalidSetting

EXAMPLE = "Write HOST:PORT or HOST:PORT,tls, like 127.0.0.1:8002 or [::1]:8443,tls."
OPEN_EXAMPLE = "Write the network of those who may come, like 0.0.0.0:8080,open=10.1.2.0/24."
TLS, OPEN = "tls", "open="
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to answer on; `host` is an IP address or name, without brackets, or a Unix socket's path.

    `open` is a network from which older systems' documented requests are answered without the token.
    """

    host: str
    port: int
    tls: bool = False
    unix: bool = False
    open: Network | None = None

    @property
    def loopback(self) -> bool:
        """Say whether only this machine can reach it."""
        return self.unix or is_loopback(self.host)

    @property
    def url(self) -> str:
        """Return the address as people type it; a wildcard is shown as localhost."""
        host = "localhost" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http{'s' * self.tls}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def opens_to(self, peer: str) -> bool:
        """Say whether an address is in the network that it is open to."""
        if self.open is None:
            return False
        with suppress(ValueError):
            return unmapped(peer) in self.open
        return False

    def bind(self) -> socket.socket:
        """Return a bound, not yet listening socket; port 0 takes any that is free.

        Raises:
            Conflict: the port is in use.
            Forbidden: the port may not be used by this user.
            InvalidSetting: the host is not an address of this machine.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # Named as TCP, or asyncio would leave Nagle's delay on: 40 ms for each small answer.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:  # So that [::] and 0.0.0.0 may stand side by side on one port.
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind((self.host, self.port))
            made.listen(2048)
        except OSError as error:
            made.close()
            raise self._explained(error) from error
        return made

    def bound(self, made: socket.socket) -> Listener:
        """Return the listener with the port that it got."""
        return replace(self, port=made.getsockname()[1])

    def _explained(self, error: OSError) -> Exception:
        if error.errno == errno.EADDRINUSE:
            return Conflict(
                f"Port {self.port} on {self.host} is in use by another program.",
                hint=f"Stop it, or listen elsewhere: --listen {self.host}:{self.port + 1}.",
                code="port_in_use",
            )
        if isinstance(error, PermissionError):
            return Forbidden(
                f"Port {self.port} may not be used by this user.", hint="Ports below 1024 need root."
            )
        return InvalidSetting(f"Cannot listen on {self.host}:{self.port}: {error.strerror}.", hint=EXAMPLE)


def is_loopback(host: str) -> bool:
    """Say whether a host as written can only be this machine."""
    if host.lower() == "localhost":
        return True
    with suppress(ValueError):
        return unmapped(host).is_loopback
    return False


def unmapped(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address, as IPv4 if it is one in an IPv6 coat; raises ValueError."""
    address = ipaddress.ip_address(host)
    return getattr(address, "ipv4_mapped", None) or address


def parse(text: str) -> Listener:
    """Read HOST:PORT[,tls][,open=CIDR]; an IPv6 host stands in brackets.

    Raises:
        InvalidSetting: the text is something else.
    """
    address, *marks = text.split(",")
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or (host != bare) != (":" in bare) or not _are_marks(marks):
        raise InvalidSetting(f"{text!r} is not an address to listen on.", hint=EXAMPLE)
    if not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        raise InvalidSetting(f"{port!r} is not a port: it is a number from 0 to 65535.", hint=EXAMPLE)
    named = "127.0.0.1" if bare.lower() == "localhost" else bare
    networks = [_network(named, mark.removeprefix(OPEN)) for mark in marks if mark.startswith(OPEN)]
    return Listener(named, int(port), TLS in marks, open=next(iter(networks), None))


def _are_marks(marks: Sequence[str]) -> bool:
    """Say whether each is a mark, and none is there twice."""
    kinds = [OPEN if mark.startswith(OPEN) else mark for mark in marks]
    return set(kinds) <= {TLS, OPEN} and len(set(kinds)) == len(kinds)


def _network(host: str, written: str) -> Network:
    if is_loopback(host):
        raise InvalidSetting(
            f"{host} cannot be open to {written}: only this machine reaches it.", hint=OPEN_EXAMPLE
        )
    try:
        network = ipaddress.ip_network(written)
    except ValueError as error:
        raise InvalidSetting(f"{written!r} is not a network: {error}.", hint=OPEN_EXAMPLE) from error
    if network.prefixlen == 0:
        raise InvalidSetting(
            f"{written} is everybody: whoever may post a task runs programs here.", hint=OPEN_EXAMPLE
        )
    return network


def checked(texts: Sequence[str], *, token: bool) -> list[Listener]:
    """Return the listeners of a server.

    Raises:
        InvalidSetting: one cannot be read, there is none or one is there twice, or one can be reached
            from other machines while there is no token that they would have to show.
    """
    listeners = [parse(text) for text in texts]
    if not listeners:
        raise InvalidSetting("There is no address to listen on.", hint=EXAMPLE)
    for listener in listeners:
        if not listener.loopback and not token:
            raise InvalidSetting(
                f"{listener.host}:{listener.port} can be reached from other machines, "
                "and there is no server token.",
                hint="Make one with `shoal node token server`, or listen on 127.0.0.1.",
                code="token_needed",
            )
    named = [(listener.host, listener.port) for listener in listeners if listener.port]
    if twice := [f"{host}:{port}" for host, port in named if named.count((host, port)) > 1]:
        raise InvalidSetting(f"{twice[0]} is given twice as an address to listen on.")
    return listeners
