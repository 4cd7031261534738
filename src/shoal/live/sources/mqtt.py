"""Messages of an MQTT broker."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from shoal.base.errors import Unavailable
from shoal.base.extras import require
from shoal.base.settings import resolve_secret
from shoal.live.sources.lines import rows_of
from shoal.live.sources.source import MOST_ROWS, Batch, Place

CONNECTING = 10.0
# Messages come one by one; those of a moment go together.
MOMENT = 0.1
MOST_WAITING = 10_000
# So many of the newest messages are known again: more than are ever on their way to be acknowledged.
MOST_KNOWN = 2000


class Mqtt:
    """Give the messages of a topic as rows: each JSON, or numbers between commas.

    The broker keeps a session under `client` and gives each message until it is acknowledged (QoS 1), which
    happens when its rows are safe. What a crash left unacknowledged comes again, marked as such: a place is
    the messages that were written down last, so that these are known again.

    Args:
        host: the broker.
        topic: what to subscribe to; may hold wildcards.
        client: the session's name; another one is another session.
        port: the broker's port.
        user: a name, if the broker wants one.
        password: `@FILE` or `env:NAME` that holds it.
        tls: whether to speak TLS.
    """

    def __init__(
        self,
        host: str,
        topic: str,
        client: str,
        *,
        port: int = 1883,
        user: str | None = None,
        password: str | None = None,
        tls: bool = False,
    ) -> None:
        paho = require("paho.mqtt.client", "mqtt")
        self._address = (host, port)
        self._topic = topic
        self._came: queue.Queue[Any] = queue.Queue(MOST_WAITING)
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=client, clean_session=False, manual_ack=True
        )
        if user is not None:
            self._client.username_pw_set(user, resolve_secret(password) if password else None)
        if tls:
            self._client.tls_set()
        self._client.on_connect = self._connected
        self._client.on_message = lambda _client, _data, message: self._came.put(message)
        self._refused = ""
        self._ready = queue.Queue[bool](1)
        self._unacknowledged: list[Any] = []
        self._written: deque[list[int]] = deque(maxlen=MOST_KNOWN)

    def batches(self, after: Place) -> Iterator[Batch | None]:
        """Give what comes from now on, and what the broker kept for this session.

        Raises:
            Unavailable: the broker does not answer, or lets nobody of this name in.
        """
        known = {(mid, mark) for mid, mark in after or ()}
        self._written.extend(after or ())
        self._connect()
        try:
            while True:
                batch = self._batch(known)
                yield batch if batch is None or batch.rows or batch.left else None
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def taken(self, batch: Batch) -> None:
        """Acknowledge what a batch was made of."""
        for message in self._unacknowledged:
            self._client.ack(message.mid, message.qos)
        self._unacknowledged = []

    def _connect(self) -> None:
        host, port = self._address
        try:
            self._client.connect(host, port)
            self._client.loop_start()
            self._ready.get(timeout=CONNECTING)
        except (OSError, queue.Empty) as error:
            why = str(error) or "no answer"
            raise Unavailable(f"No MQTT broker answers at {host}:{port}: {why}.") from error
        if self._refused:
            raise Unavailable(f"The MQTT broker at {host}:{port} refuses: {self._refused}.")

    def _connected(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._refused = str(reason) if reason.is_failure else ""
        if not self._refused:
            client.subscribe(self._topic, qos=1)
        if self._ready.empty():
            self._ready.put(True)

    def _batch(self, known: set[tuple[int, int]]) -> Batch | None:
        """Return the messages of a moment."""
        messages: list[Any] = []
        end = time.monotonic() + MOMENT
        while len(messages) < MOST_ROWS and (left := end - time.monotonic()) > 0:
            try:
                messages.append(self._came.get(timeout=left))
            except queue.Empty:
                break
        rows: list[Any] = []
        told: list[str] = []
        for message in messages:
            self._unacknowledged.append(message)
            if not self._is_known(message, known):
                self._written.append(_mark(message))
                try:
                    rows += rows_of(message.payload)
                except ValueError as error:
                    told.append(f"left out, a message of {message.topic}: {error}")
        if messages and not rows and not told:
            self.taken(Batch([], None))
        return Batch(rows, list(self._written), tuple(told)) if messages else None

    def _is_known(self, message: Any, known: set[tuple[int, int]]) -> bool:
        """Say whether a message was written down before; a number that is used anew is another message's."""
        mark = tuple(_mark(message))
        if message.dup and mark in known:
            known.discard(mark)
            return True
        known.difference_update({each for each in known if each[0] == message.mid})
        return False


def _mark(message: Any) -> list[int]:
    return [message.mid, crc32(message.payload, crc32(message.topic.encode()))]
