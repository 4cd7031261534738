"""Which version of the protocol is spoken with an engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import orjson
import pytest

from shoal.jobs.containers.engine import Engine


@contextmanager
def simulated_engine(folder: Path, least: str) -> Iterator[tuple[str, list[str]]]:
    """Answer like an engine that takes no older version than `least`; tell its socket and what was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            content = orjson.dumps({"MinAPIVersion": least})
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

        def address_string(self) -> str:
            return "engine"

    path = str(folder / "engine.sock")
    with ThreadingUnixStreamServer(path, Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield path, asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("least", "spoken"), [("1.12", "v1.40"), ("1.24", "v1.40"), ("1.44", "v1.44"), ("1.100", "v1.100")]
)
def test_an_engine_is_spoken_to_in_the_oldest_version_that_both_know(
    least: str, spoken: str, tmp_path: Path
) -> None:
    with simulated_engine(tmp_path, least) as (path, asked):
        engine = Engine(path)
        engine.get("/info")
        engine.get("/images/json", all=True)
    assert asked == ["/version", f"/{spoken}/info", f"/{spoken}/images/json?all=true"]
