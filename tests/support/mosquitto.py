"""A real MQTT broker, for as long as a test lasts."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.components import find_program, require_component
from tests.support.nginx import free_port
from tests.support.waiting import wait_until

# All sessions and messages in memory; every message waits for its reader.
CONFIG = """
listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
"""


@contextmanager
def running_mosquitto(folder: Path) -> Iterator[int]:
    """Run a broker on 127.0.0.1 until the block ends; gives its port."""
    program = require_component("mosquitto", find_program("mosquitto", "/usr/sbin"))
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(CONFIG.format(port=port))
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([program, "-c", config], stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: _answers(port), on_timeout=(folder / "mosquitto.log").read_text)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
