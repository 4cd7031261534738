"""Real brokers for peers that need them, started by hand on loopback and ended by their process ids."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATIENCE = 60.0


def present() -> bool:
    """Say whether both brokers are installed."""
    return RABBITMQ.exists() and shutil.which("redis-server") is not None


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Yield the address of a Redis that keeps nothing."""
    port = free_port()
    words = ["redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", ""]
    with _running([str(word) for word in words], port, {}):
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """Yield the address of a RabbitMQ with its own node name, folders and ports."""
    port, names = free_port(), free_port()
    own = {
        "RABBITMQ_NODENAME": f"bench{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
        "HOME": str(folder),
    }
    try:
        with _running([str(RABBITMQ)], port, own):
            yield f"amqp://guest:guest@127.0.0.1:{port}"
    finally:
        _end_names(names)


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


def _end_names(port: int) -> None:
    """End Erlang's name service, which RabbitMQ leaves behind."""
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            ["epmd", "-port", str(port), "-kill"],
            env=os.environ | {"ERL_EPMD_RELAXED_COMMAND_CHECK": "1"},
            capture_output=True,
            timeout=10,
            check=False,
        )


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
