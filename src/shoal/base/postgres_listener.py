"""Listening for commits of other servers, without polling."""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import URL

from shoal.base.events import CHANNEL

if TYPE_CHECKING:
    import psycopg

RECONNECT_SECONDS = 1.0


class Listener:
    """Wake someone for every notification; after a lost connection wake once, for what was missed."""

    def __init__(self, url: URL, wake: Callable[[], None]) -> None:
        """Remember where to listen; nothing is opened before `start`."""
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._wake = wake
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._pipe: tuple[int, int] | None = None

    def start(self) -> None:
        """Listen in a thread; returns when it does, so that no later commit is missed."""
        with self._lock:
            if self._thread is not None:
                return
            self._pipe = os.pipe()
            listening = threading.Event()
            self._thread = threading.Thread(
                target=self._serve, args=(self._pipe[0], listening), name="shoal-listener", daemon=True
            )
            self._thread.start()
        listening.wait(timeout=10)

    def stop(self) -> None:
        """Stop the thread and wait for it."""
        self._stopping.set()
        with self._lock:
            if self._thread is None or self._pipe is None:
                return
            os.write(self._pipe[1], b".")
            self._thread.join()
            for end in self._pipe:
                os.close(end)
            self._thread = self._pipe = None

    def _serve(self, stop: int, listening: threading.Event) -> None:
        import psycopg

        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=10) as conn:
                    conn.execute(f"LISTEN {CHANNEL}")
                    listening.set()
                    self._wake()
                    self._listen(conn, stop)
            except psycopg.Error:
                self._stopping.wait(RECONNECT_SECONDS)

    def _listen(self, conn: psycopg.Connection, stop: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(conn.pgconn.socket, selectors.EVENT_READ)
            selector.register(stop, selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                conn.pgconn.consume_input()
                heard = False
                while conn.pgconn.notifies() is not None:
                    heard = True
                if heard:
                    self._wake()
