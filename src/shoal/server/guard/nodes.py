"""The door of nodes: machines that joined show a token of their own with every request."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shoal.access import Actor
from shoal.access.node_tokens import NodeToken, parse
from shoal.base.database import Database
from shoal.base.errors import ShoalError
from shoal.jobs.nodes import members
from shoal.server import offload
from shoal.server.guard.loopback import Refusal


class NodeDoor:
    """Let in who shows the token of a node, as its `Actor`; everybody else is for the guard."""

    def __init__(self, app: ASGIApp, guard: ASGIApp, *, database: Database, refusal: Refusal) -> None:
        self.app = app
        self._guard = guard
        self._database = database
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        token = _token(scope) if scope["type"] == "http" else None
        if token is None:
            return await self._guard(scope, receive, send)
        try:
            # Looked up each time: a token that was taken back opens nothing from then on, at any server.
            node = await offload.read(self._database, lambda conn: members.recognise(conn, token))
        except ShoalError as error:
            return await self._refusal(scope, error)(scope, receive, send)
        scope["state"] |= {"actor": Actor(node.worker.name, node=True), "node": node, "token": token}
        await self.app(scope, receive, send)


def _token(scope: Scope) -> NodeToken | None:
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return parse(token.strip()) if scheme.lower() == "bearer" else None
