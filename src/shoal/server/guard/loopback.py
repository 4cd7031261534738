"""Loopback is not trust: who may reach this server at all (decision 8 of the design).

On a listener that only this machine reaches, a request needs no password, so it must come from a program
of the server's own user (not just from this machine), by a name of this server (DNS rebinding), and, when
it acts, not from somebody else's page in a browser. On any other listener every request but the doors
carries the server token, in a header or, from a page that was signed in, in a cookie; a listener marked
open answers older systems' documented requests to its network without one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shoal.access import ANONYMOUS, NEIGHBOUR, OWNER, TOKEN_HOLDER, Actor
from shoal.access.tokens import Tokens
from shoal.base.errors import ForeignCaller, Misdirected, ShoalError, Unauthenticated
from shoal.server.guard import peers
from shoal.server.guard.connection import Connection
from shoal.server.guard.forwarded import check_forwarded
from shoal.server.guard.hosts import HostNames, is_address
from shoal.server.guard.origins import ActingGet, acts, is_foreign
from shoal.server.listener import Listener
from shoal.server.paths import local_path

TOKEN_COOKIE = "shoal_token"
IsDoor = Callable[[str, str], bool]
Refusal = Callable[[Scope, ShoalError], Response]


class Guard:
    """Let in who may come in, as an `Actor` in the request's state; answer the rest."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Tokens,
        names: Sequence[str],
        is_door: IsDoor,
        is_open: IsDoor,
        acting_get: ActingGet,
        refusal: Refusal,
    ) -> None:
        self.app = app
        self._refusal = refusal
        self._tokens = tokens
        self._names = tuple(name.lower() for name in names)
        self._hosts = HostNames(names)
        self._is_door = is_door
        self._is_open = is_open
        self._acting_get = acting_get

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        try:
            scope["state"]["actor"] = await self._admit(scope)
        except ShoalError as refusal:
            return await self._refuse(refusal, scope, receive, send)
        await self.app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Actor:
        headers = Headers(scope=scope)
        door = scope["type"] == "http" and self._is_door(scope["method"], local_path(scope))
        if (token := _bearer(headers)) is not None and not (door and not self._tokens.open_to(token)):
            holder = self._token_holder(token)
            # A browser does not send this header for another page, but a proxy may add it to each request.
            self._check_page(scope, headers)
            return holder
        if self._tokens.open_to(HTTPConnection(scope).cookies.get(TOKEN_COOKIE, "")):
            self._check_page(scope, headers)
            return TOKEN_HOLDER
        listener: Listener | None = scope["state"].get("listener")
        if listener is not None and listener.loopback:
            self._check_caller(scope, headers)
            await _check_user(scope, listener)
            return OWNER
        if listener is not None and await self._is_neighbour(scope, listener, headers):
            return NEIGHBOUR
        if door:
            return ANONYMOUS
        raise Unauthenticated(
            "This server wants its token with every request.", hint="Send Authorization: Bearer TOKEN."
        )

    def _check_page(self, scope: Scope, headers: Headers) -> None:
        if acts(scope, self._acting_get) and is_foreign(headers, self._names):
            raise ForeignCaller(
                "A page of another origin may not act here.", hint="Act from this server's own pages."
            )

    async def _is_neighbour(self, scope: Scope, listener: Listener, headers: Headers) -> bool:
        if listener.open is None or scope["type"] != "http":
            return False
        peer, path = scope["client"], local_path(scope)
        if not (listener.opens_to(peer[0]) and self._is_open(scope["method"], path)):
            return False
        self._check_caller(scope, headers, by_address=True)
        if await asyncio.to_thread(peers.is_of_this_machine, peer[0]):
            await _check_user(scope, listener)
        return True

    def _token_holder(self, token: str) -> Actor:
        if not self._tokens.open_to(token):
            raise Unauthenticated("That is not the token of this server.", hint="Send the server token.")
        return TOKEN_HOLDER

    def _check_caller(self, scope: Scope, headers: Headers, *, by_address: bool = False) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not (self._hosts.allow(hosts[0]) or (by_address and is_address(hosts[0]))):
            raise Misdirected(
                f"This server is not called {', '.join(hosts) or 'nothing'}.",
                hint="Use localhost, or add the name to the setting `hosts`.",
            )
        self._check_page(scope, headers)
        check_forwarded(headers)

    async def _refuse(self, refusal: ShoalError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.message})
            return
        await self._refusal(scope, refusal)(scope, receive, send)


async def _check_user(scope: Scope, listener: Listener) -> None:
    connection: Connection = scope["state"]["connection"]
    if listener.unix:
        caller = await connection.by_unix()
    elif peers.AVAILABLE:
        caller = await connection.by_tcp(scope["client"][:2], scope["server"][:2])
    else:
        caller = None
    if caller is not None and caller.uid != os.geteuid():
        raise ForeignCaller(
            "Another user of this machine may not use this server.",
            hint="Run the command as the user who runs the server, or send the server token.",
        )
    if caller is not None and caller.is_program:
        raise ForeignCaller(
            "A program that a job runs may not use this server as its owner.",
            hint="Send the server token with its requests: Authorization: Bearer TOKEN.",
        )


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
