"""HTTP/1.1 by h11, which takes header lines joined by a bare LF as documented curl lines send them."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from shoal.server.guard.connection import Connection
from shoal.server.problems import http_problem, reply
from shoal.server.tracing import HEADER, new_request_id

LINGER_SECONDS = 2.0


class Protocol(H11Protocol):
    """Answer what is not HTTP with a problem, and carry a `Connection` to each request on it."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state | {"connection": Connection()}, _loop)

        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; called by the loop."""
        self.app_state["connection"].made(transport.get_extra_info("socket"))
        super().connection_made(transport)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Take bytes; after a refusal they are thrown away, so that the sender can still read why."""
        if not self._refused:
            super().data_received(data)

    def eof_received(self) -> None:
        """Close when the sender of refused bytes has ended."""
        if self._refused:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not a request; an answer that has begun is cut instead."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        self._refused = True
        request_id = new_request_id()
        problem = http_problem(400, "This is not an HTTP request that can be read.", code="not_http")
        answer = reply(problem, request_id, {HEADER: request_id, "Connection": "close"})
        start = h11.Response(status_code=400, headers=answer.raw_headers, reason=b"Bad Request")
        for event in (start, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self._linger()

    def _linger(self) -> None:
        # Closed with bytes unread, the connection would be reset and the answer with it be lost.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
