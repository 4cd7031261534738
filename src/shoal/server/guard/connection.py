"""One accepted connection: what stays true for all requests on it."""

from __future__ import annotations

import asyncio

from shoal.server.guard.peers import Address, peer_uid


class Connection:
    """Remember the user at the other end for as long as the connection lives, and no longer.

    A port may belong to another user a moment after, so nothing is kept by address.
    """

    def __init__(self) -> None:
        self._asked: asyncio.Future[int | None] | None = None

    async def uid(self, peer: Address, server: Address) -> int | None:
        """Return the user id at the other end, None when nobody of this machine is there (any more)."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(asyncio.to_thread(peer_uid, peer, server))
        # Shielded: one request that goes away must not cancel the answer for the next.
        return await asyncio.shield(self._asked)
