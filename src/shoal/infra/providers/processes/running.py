"""Run a script in a machine that is a process, from outside."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from shoal.base.errors import Unavailable
from shoal.infra.providers.overdue import killed
from shoal.infra.providers.processes.wire import END, HEAD, connect


def run(folder: Path, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
    """Run a script and return its exit code, 124 when it was killed for taking too long.

    Raises:
        Unavailable: the machine is not there, or it went away.
    """
    until = time.monotonic() + timeout
    content = script.encode()
    try:
        with connect(folder, timeout) as client:
            client.sendall(orjson.dumps({"size": len(content)}) + b"\n" + content)
            return _answer(client, tell, until)
    except TimeoutError:
        return killed(tell, timeout)
    except (OSError, EOFError) as error:
        raise Unavailable(
            f"The machine in {folder} does not answer: {error}.", hint="It is healed when that is on."
        ) from error


def _answer(client: socket.socket, tell: Callable[[bytes], None], until: float) -> int:
    while True:
        kind, size = HEAD.unpack(_read(client, HEAD.size, until))
        content = _read(client, size, until)
        if kind == END:
            return int(content)
        tell(content)


def _read(client: socket.socket, size: int, until: float) -> bytes:
    content = b""
    while len(content) < size:
        if (left := until - time.monotonic()) <= 0:
            raise TimeoutError
        client.settimeout(left)
        if not (piece := client.recv(size - len(content))):
            raise EOFError("it hung up")
        content += piece
    return content
