"""Where the server listens: HOST:PORT[,tls]."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from shoal.base.errors import Conflict, Forbidden, InvalidSetting

EXAMPLE = "Write HOST:PORT or HOST:PORT,tls, like 127.0.0.1:8002 or [::1]:8443,tls."


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to answer on; `host` is an IP address or name, without brackets, or a Unix socket's path."""

    host: str
    port: int
    tls: bool = False
    unix: bool = False

    @property
    def loopback(self) -> bool:
        """Say whether only this machine can reach it."""
        return self.unix or is_loopback(self.host)

    @property
    def url(self) -> str:
        """Return the address as people type it; a wildcard is shown as localhost."""
        host = "localhost" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http{'s' * self.tls}://{f'[{host}]' if ':' in host else host}:{self.port}"

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
        address = ipaddress.ip_address(host)
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback
    return False


def parse(text: str) -> Listener:
    """Read HOST:PORT[,tls]; an IPv6 host stands in brackets.

    Raises:
        InvalidSetting: the text is something else.
    """
    address, comma, mark = text.partition(",")
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host != bare
    if not colon or not bare or (comma and mark != "tls") or bracketed != (":" in bare):
        raise InvalidSetting(f"{text!r} is not an address to listen on.", hint=EXAMPLE)
    if not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        raise InvalidSetting(f"{port!r} is not a port: it is a number from 0 to 65535.", hint=EXAMPLE)
    return Listener("127.0.0.1" if bare.lower() == "localhost" else bare, int(port), mark == "tls")


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
