"""One listener's HTTP server: uvicorn, set up our way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from shoal.server.faces import JSON_LIMIT
from shoal.server.protocol import Protocol
from shoal.server.sockets import Sockets

# How long requests that have begun may take to end after the server was told to stop.
GRACE_SECONDS = 30


class Server(uvicorn.Server):
    """Serve one listener; signals are for whoever runs all of them together."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def config_of(app: ASGIApp) -> uvicorn.Config:
    """Return how an application is served: h11, no logs of its own, no trust in headers of proxies."""
    return uvicorn.Config(
        app,
        http=Protocol,
        ws=Sockets,
        ws_max_size=JSON_LIMIT,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        # Who calls is what the kernel says, never what a header says.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
