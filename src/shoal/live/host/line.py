"""The host's end of the socket to the office."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from shoal.live.wire import KEY, SOCKET, Frame, Unpacker, packed

_PIECE = 1 << 18


class Line:
    """Speak with the office. Any thread may send; one thread of the line's own hears."""

    def __init__(self, run: Path, number: int, job: str) -> None:
        """Call the office whose socket and key are in the folder `run`, and say who this is.

        Raises:
            OSError: nobody is there.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sending = threading.Lock()
        try:
            self._socket.connect(str(run / SOCKET))
            secret = (run / KEY).read_text()
            self.say({"op": "hello", "secret": secret, "job": job, "pid": os.getpid(), "number": number})
        except BaseException:
            self._socket.close()
            raise

    def say(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send a message; when the office is gone nothing is sent, and `listen` notices."""
        frame = packed(header, payload)
        try:
            with self._sending:
                self._socket.sendall(frame)
        except OSError:
            self.hang_up()

    def listen(self, heard: Callable[[Frame | None], None]) -> None:
        """Hear in a thread; `heard` is called with each message, and with None when the office is gone."""
        threading.Thread(target=self._listen, args=(heard,), name="live line", daemon=True).start()

    def hang_up(self) -> None:
        """Say and hear nothing any more."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # It is down already.

    def close(self) -> None:
        """Close the socket."""
        self.hang_up()
        self._socket.close()

    def _listen(self, heard: Callable[[Frame | None], None]) -> None:
        unpacker = Unpacker()
        try:
            while piece := self._socket.recv(_PIECE):
                for frame in unpacker.feed(piece):
                    heard(frame)
        except (OSError, ValueError):
            pass
        heard(None)
