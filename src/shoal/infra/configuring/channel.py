"""The way from Ansible's process to a machine: a socket on which scripts are taken and run by a provider."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from shoal.base.errors import ShoalError

# Runs a script in a machine, tells its output, returns its exit code: `Provider.run` without its reference.
Run = Callable[[str, Callable[[bytes], None], float], int]
_LONGEST = 64 << 20


@contextmanager
def channel(path: Path, run: Run, timeout: float) -> Iterator[None]:
    """Serve a machine on a socket, as long as the block lasts; a script may take `timeout` seconds."""

    class Served(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            order = orjson.loads(self.rfile.readline(_LONGEST))
            self.wfile.write(orjson.dumps(_answer(run, str(order["script"]), timeout)) + b"\n")

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(path), Served) as server:
        path.chmod(0o600)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _answer(run: Run, script: str, timeout: float) -> dict[str, object]:
    output = bytearray()
    try:
        code = run(script, output.extend, timeout)
    except ShoalError as error:
        return {"error": str(error)}
    return {"code": code, "output": base64.b64encode(output).decode()}
