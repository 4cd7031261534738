"""The door before GraphQL: pages of origins that were named, and the older name of the token's header.

It takes off what a browser says of such a page, so that the guard behind it sees a program; a token that is
right in the older header is shown in the usual one, and one that is not is left where it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.access.tokens import Tokens
from shoal.server.cluserve.greeting import TOKEN, greet, greets_first
from shoal.server.cluserve.posting import PATH
from shoal.server.paths import local_path

OF_PAGES = (b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest")
ALLOWED = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, Authorization, X-Clusauth-Token",
    "Access-Control-Max-Age": "600",
    "Access-Control-Allow-Private-Network": "true",
}


class Door:
    """Let pages of these origins call GraphQL, and take the older header for the token's."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens, origins: Sequence[str]) -> None:
        self.app = app
        self._tokens = tokens
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket") or local_path(scope) != PATH:
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        raw = [*scope["headers"], *self._shown(headers)]
        origin = headers.get("origin", "").lower()
        if scope["type"] == "websocket":
            return await self._talk({**scope, "headers": self._bare(raw, origin)}, receive, send)
        if origin not in self._origins:
            return await self.app({**scope, "headers": raw}, receive, send)
        if scope.get("method") == "OPTIONS" and "access-control-request-method" in headers:
            return await Response(status_code=204, headers=_of(origin) | ALLOWED)(scope, receive, send)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_of(origin))
            await send(message)

        await self.app({**scope, "headers": self._bare(raw, origin)}, receive, told)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        if greets_first(scope, Headers(scope=scope)):
            return await greet(self.app, self._tokens, scope, receive, send)
        await self.app(scope, receive, send)

    def _bare(self, raw: list[tuple[bytes, bytes]], origin: str) -> list[tuple[bytes, bytes]]:
        return [(name, value) for name, value in raw if origin not in self._origins or name not in OF_PAGES]

    def _shown(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        token = headers.get(TOKEN, "").strip()
        if "authorization" in headers or not self._tokens.open_to(token):
            return []
        return [(b"authorization", f"Bearer {token}".encode("latin-1"))]


def _of(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
