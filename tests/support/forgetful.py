"""A way to a server on which an answer is lost: what was asked for is done, and nobody hears of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Forgetful:
    """Pass bytes to a port or a Unix socket; once `is_done()`, answers are swallowed and it hangs up."""

    def __init__(self, target: int | str, is_done: Callable[[], bool]) -> None:
        self._target = target
        self._is_done = is_done
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._pairs: list[socket.socket] = []
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._pairs:
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                callee = self._connected()
                self._pairs += [caller, callee]
                threading.Thread(target=self._pass, args=(caller, callee), daemon=True).start()
                threading.Thread(target=self._answer, args=(callee, caller), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        callee = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        callee.connect(self._target)
        return callee

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def _answer(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (piece := source.recv(65536)) and not self._is_done():
                target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def forgetful(target: int | str, is_done: Callable[[], bool]) -> Iterator[int]:
    """Give a port of a way to a server on which answers are lost from some time on."""
    made = Forgetful(target, is_done)
    try:
        yield made.port
    finally:
        made.close()
