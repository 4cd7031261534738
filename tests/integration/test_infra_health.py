"""Whether a machine is well: real sockets, real pages, a real database server where there is one."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from shoal.base.errors import Unavailable
from shoal.infra.model import Database, Health
from shoal.infra.passes.health import echo, mysql
from shoal.infra.passes.health.checks import trouble_at

HERE = "127.0.0.1"
NOWHERE = "240.0.0.1"  # in a range that was never given to anybody (RFC 1112)


def free_port() -> int:
    with closing(socket.create_server((HERE, 0))) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("address", ["a..b", "x" * 80, "a\0b"])
def test_what_is_no_address_is_not_well(address: str) -> None:
    url = Health(ping=False, urls=(f"http://{address}/",))
    for health in (Health(), Health(ping=False, ports=(22,)), url):
        assert trouble_at(address, health)


class Pages(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        code = {"/well": 204, "/moved": 302}.get(self.path, 500)
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/well")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer((HERE, 0), Pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://{HERE}:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_host_that_is_there_answers_and_one_that_is_not_does_not() -> None:
    assert echo.answers(HERE) and echo.answers("127.44.0.9") and echo.answers("localhost")
    started = time.monotonic()
    assert not echo.answers(NOWHERE, seconds=0.2, tries=2)
    assert not echo.answers("no.such.host.invalid")
    assert time.monotonic() - started < 15


def test_nobody_is_taken_for_healthy_without_an_address() -> None:
    assert trouble_at(NOWHERE, Health(ports=(22,))) == f"{NOWHERE} does not answer a ping"
    assert trouble_at(HERE, Health()) == ""


def test_every_port_must_be_open() -> None:
    with closing(socket.create_server((HERE, 0))) as server:
        port = server.getsockname()[1]
        assert trouble_at(HERE, Health(ports=(port,))) == ""
        closed = free_port()
        assert f"port {closed} of {HERE} is not open" in trouble_at(HERE, Health(ports=(port, closed)))


def test_every_page_must_be_served(pages: str) -> None:
    assert trouble_at(HERE, Health(urls=(f"{pages}/well", f"{pages}/moved"))) == ""
    assert trouble_at(HERE, Health(urls=(f"{pages}/ill",))).endswith("/ill answers 500")
    assert "is not served" in trouble_at(HERE, Health(urls=(f"http://{HERE}:{free_port()}/",)))
    assert "is not served" in trouble_at(HERE, Health(urls=("no address at all",)))


def test_a_database_that_says_nothing_is_not_waited_for_for_long() -> None:
    with closing(socket.create_server((HERE, 0))) as silent:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            mysql.log_in(HERE, Database("accounts", "me", "secret"), silent.getsockname()[1], 0.5)
        assert time.monotonic() - started < 4


def test_a_database_that_is_not_there_is_told_without_the_password() -> None:
    database = Database("accounts", "me", "a-password")
    with pytest.raises(Unavailable) as refused:
        mysql.log_in(HERE, database, free_port())
    assert "a-password" not in str(refused.value)
