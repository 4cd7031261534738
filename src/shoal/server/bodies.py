"""How large a request body may be, and how to refuse one so that the sender can read why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.base.errors import ShoalError, TooLarge
from shoal.server.paths import local_path

LimitOf = Callable[[str, str], int]
Refusal = Callable[[Scope, ShoalError], Response]
# A sender that does not read while it writes would see a reset connection instead of the answer, so
# what it still sends is thrown away for a while.
LINGER_SECONDS = 10.0
LINGER_BYTES = 1 << 30


class Bodies:
    """Stop reading a body at its route's limit."""

    def __init__(self, app: ASGIApp, *, limit_of: LimitOf, refusal: Refusal) -> None:
        self.app = app
        self._refusal = refusal
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "0")
        empty = announced == "0" and "transfer-encoding" not in headers
        body = _Body(receive, send, self._limit_of(scope["method"], local_path(scope)), empty)
        if int(announced) > body.limit:
            answer = self._refusal(scope, body.too_large(int(announced)))
            return await answer(scope, body.receive, body.send)
        await self.app(scope, body.receive, body.send)


class _Body:
    def __init__(self, receive: Receive, send: Send, limit: int, empty: bool) -> None:
        self._receive = receive
        self._send = send
        self.limit = limit
        self._read = 0
        self._whole = empty

    def too_large(self, size: int | None = None) -> TooLarge:
        so = f"; it is {size:,}" if size else ""
        message = f"The body is larger than this server takes: at most {self.limit:,} bytes{so}."
        return TooLarge(message, limit=self.limit)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._read > self.limit:
                raise self.too_large()
        else:
            self._whole = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400 and not self._whole:
            # What is left of the body would be taken for the next request.
            MutableHeaders(scope=message)["Connection"] = "close"
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not last or self._whole:
            return await self._send(message)
        await self._send({**message, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._discard()
        await self._send({"type": "http.response.body", "body": b""})

    async def _discard(self) -> None:
        left = LINGER_BYTES
        while not self._whole and left > 0:
            message = await self._receive()
            left -= len(message.get("body", b""))
            self._whole = message["type"] != "http.request" or not message.get("more_body", False)
