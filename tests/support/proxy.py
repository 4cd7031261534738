"""A network that can be switched off: a TCP proxy whose cable is pulled, or cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Pass bytes between whoever connects and a port of this machine, while `passing` is set."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._passing = threading.Event()
        self._passing.set()
        self._pairs: list[socket.socket] = []
        self._open = True
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Pass nothing any more, as if the cable were pulled: connections stay, bytes and greetings wait."""
        self._passing.clear()

    def cut(self) -> None:
        """Break every connection, and pass nothing any more."""
        self._passing.clear()
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def release(self, port: int | None = None) -> None:
        """Pass again, from now on perhaps to another port."""
        self._target = port or self._target
        self._passing.set()

    def close(self) -> None:
        self._open = False
        self.cut()
        self._passing.set()
        # A thread that waits in `accept` is woken by a connection, not by a close.
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._listening.close()
        for each in self._pairs:
            each.close()

    def _accept(self) -> None:
        while self._open:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller: socket.socket) -> None:
        self._pairs.append(caller)
        self._passing.wait()
        if not self._open:
            return caller.close()
        try:
            callee = socket.create_connection(("127.0.0.1", self._target), timeout=10)
        except OSError:
            caller.shutdown(socket.SHUT_RDWR)
            return
        callee.settimeout(None)
        self._pairs.append(callee)
        for one, other in ((caller, callee), (callee, caller)):
            threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                self._passing.wait()
                target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """Give a proxy to a port until the block ends."""
    made = Proxy(port)
    try:
        yield made
    finally:
        made.close()
