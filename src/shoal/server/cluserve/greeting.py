"""A socket whose token comes with its greeting, as pages do it: a browser gives a socket no header.

Only where a token is wanted and the handshake brought none, the handshake is answered here. The greeting's
token is then shown in the usual header, and the application hears the socket from its beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.access.tokens import Tokens
from shoal.base.errors import ShoalError
from shoal.server.cluserve import dialects
from shoal.server.cluserve.dialects import DIALECTS
from shoal.server.cluserve.operation import read_json
from shoal.server.guard.forwarded import FORWARDED
from shoal.server.listener import Listener

TOKEN = "x-clusauth-token"
GREETED_WITHIN = 10.0


def greets_first(scope: Scope, headers: Headers) -> bool:
    """Say whether a socket has to bring a token, has not, and could with its greeting."""
    listener: Listener | None = scope["state"].get("listener")
    inside = listener is not None and listener.loopback and not any(name in headers for name in FORWARDED)
    return not inside and "authorization" not in headers and "cookie" not in headers and bool(_known(scope))


async def greet(app: ASGIApp, tokens: Tokens, scope: Scope, receive: Receive, send: Send) -> None:
    """Hear a socket's greeting, and serve it when it has the token; else close it with 4401."""
    connecting = await receive()
    await send({"type": "websocket.accept", "subprotocol": _known(scope)})
    try:
        async with asyncio.timeout(GREETED_WITHIN):
            greeting = await receive()
    except TimeoutError:
        return await _close(send, dialects.LATE, "Connection initialisation timeout")
    if greeting["type"] == "websocket.disconnect":
        return None
    token = token_in(greeting.get("text") or "")
    if not tokens.open_to(token):
        return await _close(send, dialects.UNAUTHORIZED, "Unauthorized: send the server token")
    shown = (b"authorization", f"Bearer {token}".encode())
    known = {**scope, "headers": [*scope["headers"], shown]}
    await app(known, _again([connecting, greeting], receive), _accepted(send))


def token_in(text: str) -> str:
    """Return the token of a greeting: in its payload or in `headers` there, by either name; else nothing."""
    try:
        message = read_json(text)
    except ShoalError:
        return ""
    payload = message.get("payload") if isinstance(message, dict) else None
    for name, value in _pairs(payload):
        if name == TOKEN:
            return value.strip()
        if name == "authorization":
            return value.strip().removeprefix("Bearer ").strip()
    return ""


def _pairs(payload: Any) -> Iterator[tuple[str, str]]:
    for given in (payload, payload.get("headers") if isinstance(payload, Mapping) else None):
        if isinstance(given, Mapping):
            yield from ((name.lower(), value) for name, value in given.items() if isinstance(value, str))


def _known(scope: Scope) -> str | None:
    return next((name for name in scope["subprotocols"] if name in DIALECTS), None)


def _again(heard: list[Message], receive: Receive) -> Receive:
    async def hear() -> Message:
        return heard.pop(0) if heard else await receive()

    return hear


def _accepted(send: Send) -> Send:
    """Return how to speak over a socket that is open already."""
    is_refused = False

    async def say(message: Message) -> None:
        nonlocal is_refused
        if message["type"].startswith("websocket.http.response"):  # A refusal, for a handshake.
            if not is_refused:
                is_refused = True
                await _close(send, 1008, "Refused")
        elif message["type"] != "websocket.accept":
            await send(message)

    return say


async def _close(send: Send, code: int, reason: str) -> None:
    await send({"type": "websocket.close", "code": code, "reason": reason})
