"""The prefix that a proxy puts before every path."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from shoal.base.errors import InvalidSetting
from shoal.server.listener import Listener


def local_path(scope: Scope) -> str:
    """Return a request's path without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def checked_root_path(prefix: str) -> str:
    """Return a prefix as `/like/this`, or nothing.

    Raises:
        InvalidSetting: it is something else than a path.
    """
    bare = prefix.strip("/")
    if any(
        not (part.isascii() and part.replace("-", "").replace("_", "").replace(".", "").isalnum())
        for part in bare.split("/")
        if bare
    ):
        raise InvalidSetting(f"{prefix!r} is not a path prefix.", hint="Write it like /shoal.")
    return f"/{bare}" if bare else ""


class Entrance:
    """Mark each request with the listener it came by, and settle the prefix.

    A proxy may leave the prefix on the path or take it off: both arrive as the same path.
    """

    def __init__(self, app: ASGIApp, listener: Listener, root_path: str) -> None:
        self.app = app
        self._listener = listener
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] in ("http", "websocket"):
            scope["state"]["listener"] = self._listener
            prefix, path = self._root_path, scope["path"]
            if prefix:
                whole = path if path.startswith(prefix + "/") else prefix + path
                scope = {**scope, "root_path": prefix, "path": whole}
        await self.app(scope, receive, send)
