"""The server inside a command: the same application, without pages for people, on a Unix socket in the home.

Only the home's owner can enter the folder that the socket lies in, so nobody else is let in.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shoal.access.tokens import Tokens
from shoal.base.sockets import fits, fitting
from shoal.server.api.roster import api_faces
from shoal.server.app import make_app
from shoal.server.draining import Draining
from shoal.server.lean import without_pandas
from shoal.server.listener import Listener
from shoal.server.parts import House
from shoal.server.paths import Entrance
from shoal.server.serving import Server, config_of


@contextmanager
def embedded(house: House, folder: Path) -> Iterator[str]:
    """Serve a house in a thread while the block runs, and give the address that a `Client` takes.

    Raises:
        InvalidSetting: the home is deep, and so is the folder for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="shoal-") as short:
        path = folder / "shoal.sock"
        if not fits(path):  # as in a deep home
            path = fitting(Path(short) / "shoal.sock")
        with _listening(path) as made, _served(house, made):
            yield f"unix:{path}"


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(str(path))
        path.chmod(0o600)
        # Requests that come before the server is ready wait in this queue.
        made.listen(64)
        try:
            yield made
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _served(house: House, made: socket.socket) -> Iterator[None]:
    without_pandas()
    draining = Draining()
    app = make_app(house, Tokens(), api_faces(house.settings), draining=draining)
    server = Server(config_of(Entrance(app, Listener(str(made.getsockname()), 0, unix=True), "")))
    loop = asyncio.new_event_loop()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(server.serve(sockets=[made]))

    thread = threading.Thread(target=run, name="shoal-server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        loop.call_soon_threadsafe(draining.begin)
        thread.join()
