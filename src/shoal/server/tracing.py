"""A request id on every reply, and the last net below every request."""

from __future__ import annotations

import logging
import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoal.server.problems import of_unexpected, reply

HEADER = "X-Request-Id"
# A reply is what it says it is, and no other site's page may embed it.
ALWAYS = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
log = logging.getLogger("shoal.server")
access_log = logging.getLogger("shoal.access")


def new_request_id() -> str:
    """Return a fresh id that a person can quote."""
    return f"req_{secrets.token_hex(6)}"


class Tracing:
    """Give every request an id; log and answer what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        request_id = scope.setdefault("state", {})["request_id"] = new_request_id()
        status, ended = 0, False
        began = scope["state"]["began"] = time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update({HEADER: request_id, **ALWAYS})
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self.app(scope, receive, named)
        except Exception:
            log.exception("%s %s %s failed", request_id, scope.get("method", "WS"), scope["path"])
            if scope["type"] != "http" or (status and not ended):
                # Half an answer cannot be mended: the server under us cuts it.
                raise
            if ended:
                return
            await reply(of_unexpected(request_id), request_id)(scope, receive, named)
        finally:
            # The query is left out: it may hold what should not be in a log.
            took = (time.perf_counter() - began) * 1000
            access_log.info(
                "%s %s %s %d %.1f ms", request_id, scope.get("method", "WS"), scope["path"], status, took
            )
