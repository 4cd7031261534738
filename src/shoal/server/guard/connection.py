"""One accepted connection: what stays true for all requests on it."""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial

from shoal.server.guard.callers import Caller, by_tcp, by_unix
from shoal.server.guard.peers import Address

_PEER = struct.Struct("3i")  # ucred of unix(7): pid, uid, gid


class Connection:
    """Remember who is at the other end for as long as the connection lives, and no longer.

    A port may belong to another program a moment after, so nothing is kept by address.
    """

    def __init__(self) -> None:
        self._asked: asyncio.Future[Caller] | None = None
        self._pid: int | None = None

    def made(self, accepted: socket.socket | None) -> None:
        """Take note of the process that connected to a Unix socket."""
        if accepted is not None and accepted.family == socket.AF_UNIX and hasattr(socket, "SO_PEERCRED"):
            told = accepted.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
            self._pid = _PEER.unpack(told)[0]

    async def by_tcp(self, peer: Address, server: Address) -> Caller:
        """Return who called over TCP."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(asyncio.to_thread(by_tcp, peer, server))
        # Shielded: one request that goes away must not cancel the answer for the next.
        return await asyncio.shield(self._asked)

    async def by_unix(self) -> Caller | None:
        """Return who called over a Unix socket, None where the system does not tell."""
        if self._pid is None:
            return None
        if self._asked is None:
            self._asked = asyncio.ensure_future(asyncio.to_thread(partial(by_unix, self._pid)))
        return await asyncio.shield(self._asked)
