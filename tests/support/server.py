"""Real servers in processes of their own, and raw requests to them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


@dataclass
class Served:
    """A running server: `urls` are its listeners, in order."""

    home: Path
    process: subprocess.Popen[bytes]
    output: Path
    urls: list[str]

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def log(self) -> str:
        return self.output.read_text()

    def http(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=60, **options)

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def raw(self, request: bytes, *, listener: int = 0) -> bytes:
        """Send bytes and return everything that comes back until the server closes."""
        parts = urlsplit(self.urls[listener])
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running_server(
    home: Path,
    *,
    env: dict[str, str] | None = None,
    program: str = "tests.support.serve_home",
    within: Sequence[str] = (),
    **flags: Any,
) -> Iterator[Served]:
    """Run a server over a home until the block ends; it must end by itself then, with exit code 0.

    `within` are words before the program's, which must become it: those of `nsenter`, for example.
    """
    settings = {"home": str(home), "listen": ["127.0.0.1:0"], "workers": 1} | flags
    home.mkdir(parents=True, exist_ok=True)
    output = home.parent / f"{home.name}-server.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", program, json.dumps(settings)],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=os.environ | (env or {}),
        )
    served = Served(home, process, output, [])
    try:
        served.urls = wait_until(lambda: _urls(served), timeout=60, on_timeout=served.log)
        yield served
        if process.poll() is None:
            assert served.stop() == 0, served.log()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _urls(served: Served) -> list[str]:
    line = next((line for line in served.log().splitlines() if line.startswith("Shoal serves at ")), "")
    assert line or served.process.poll() is None, served.log()
    return re.findall(r"https?://[^\s,]+", line)
