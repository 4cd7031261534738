"""Running the server until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from starlette.types import ASGIApp

from shoal.access.tokens import Tokens, load
from shoal.base.settings import Settings, resolve_secret
from shoal.server.app import make_app
from shoal.server.asides import in_process, in_thread
from shoal.server.cluserve import opening
from shoal.server.draining import Draining
from shoal.server.kernels import compile_kernels
from shoal.server.lean import without_pandas
from shoal.server.listener import Listener, checked
from shoal.server.pages.warming import warm
from shoal.server.parts import House
from shoal.server.paths import Entrance, checked_root_path
from shoal.server.registered import faces_of
from shoal.server.serving import Server, config_of
from shoal.server.tls import context_for
from shoal.studies import bundle

Announce = Callable[[str], None]
SETTLED = 4.0  # seconds


class Bound:
    """Listeners with their sockets: ports are taken, nothing is answered yet."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self.root_path = checked_root_path(settings.root_path)
        wanted = checked(settings.listen, token=bool(tokens))
        self.tls = context_for(settings, wanted)
        self.sockets: list[socket.socket] = []
        self.listeners: list[Listener] = []
        try:
            for listener in wanted:
                self.sockets.append(listener.bind())
                self.listeners.append(listener.bound(self.sockets[-1]))
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Return the address that a program of this machine calls best."""
        # A certificate is seldom made out for 127.0.0.1.
        best = min(self.listeners, key=lambda each: (not each.loopback, each.tls))
        return best.url + self.root_path

    def close(self) -> None:
        """Give the ports back."""
        for each in self.sockets:
            each.close()


def serve(house: House, announce: Announce = print) -> None:
    """Serve a house until SIGINT or SIGTERM; what has begun is finished, unless a second signal cuts it.

    Ports are taken first, then the workers are started, unless they run already.

    `announce` gets one line that says where, when requests are answered.

    Raises:
        InvalidSetting: an address to listen on, the token or the prefix cannot be used.
        Conflict: a port is in use.
    """
    tokens = tokens_of(house.settings)
    bound = Bound(house.settings, tokens)
    without_pandas()
    try:
        if house.supervisor is None:
            house.start_workers()
        house.live.start()
        house.infra.start()
        asyncio.run(_serve(house, bound, tokens, announce))
    finally:
        bound.close()


def tokens_of(settings: Settings) -> Tokens:
    """Return the tokens that open a server with these settings; raises InvalidSetting."""
    given = resolve_secret(settings.server_token) if settings.server_token else None
    return load(settings.home, given)


async def _serve(house: House, bound: Bound, tokens: Tokens, announce: Announce) -> None:
    draining = Draining()
    app = make_app(house, tokens, faces_of(house.settings), draining=draining)
    servers = [_server(app, bound, listener) for listener in bound.listeners]
    with _stopped_by_signals(servers, draining):
        running = [
            asyncio.create_task(server.serve(sockets=[own]))
            for server, own in zip(servers, bound.sockets, strict=True)
        ]
        while not all(server.started for server in servers):
            await asyncio.sleep(0.005)
        house.home.publish(bound.url)
        announce(f"Shoal serves at {', '.join(each.url + bound.root_path for each in bound.listeners)}")
        works = (compile_kernels(), _warm(), in_thread(opening.load), _look_at_scripts(house))
        asides = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.gather(*running)
        finally:
            for aside in asides:
                aside.cancel()
            await asyncio.gather(*asides, return_exceptions=True)
            house.home.publish(None)


async def _warm() -> None:
    """Have what draws figures made, then all that pages consist of."""
    if not bundle.path().is_file():
        await in_process("-m", "shoal.studies.bundle")
    await in_thread(warm)


async def _look_at_scripts(house: House) -> None:
    """Read the functions that may be run before somebody waits for them, but not while the server starts."""
    await asyncio.sleep(SETTLED)
    await in_thread(house.catalogue.scripts)


def _server(app: ASGIApp, bound: Bound, listener: Listener) -> Server:
    config = config_of(Entrance(app, listener, bound.root_path))
    if listener.tls:
        config.load()
        config.ssl = bound.tls
    return Server(config)


@contextmanager
def _stopped_by_signals(servers: list[Server], draining: Draining) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.force_exit = draining.begun
            server.should_exit = True
        draining.begin()

    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        with suppress(ValueError):
            for each in signals:
                loop.remove_signal_handler(each)
