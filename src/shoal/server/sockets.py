"""WebSockets by uvicorn, with an end to those who do not read."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

READ_WITHIN = 30.0  # seconds that a full buffer waits for a reader


class Sockets(WebSocketsSansIOProtocol):
    """Cut a connection whose other side reads nothing: closing it would wait for that side for ever."""

    _given_up: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait for a reader, but not for ever."""
        super().pause_writing()
        self._given_up = self.loop.call_later(READ_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it is read."""
        super().resume_writing()
        self._forget()

    def keepalive_timeout(self) -> None:
        """Cut a connection that does not answer."""
        super().keepalive_timeout()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the waiting."""
        self._forget()
        super().connection_lost(exc)

    def _forget(self) -> None:
        if self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None
