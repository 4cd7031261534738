"""Laws of the names that a server answers to, and of the origins that may act on it."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers
from starlette.types import Scope

from shoal.server.guard.forwarded import names_outsider
from shoal.server.guard.hosts import HostNames, host_name
from shoal.server.guard.origins import acts, is_foreign


@pytest.mark.parametrize(
    "authority",
    [
        "localhost",
        "LocalHost:8002",
        "127.0.0.1:8002",
        "[::1]:8002",
        "[::1]",
        "127.0.0.1:1",
        "shoal.lan",
        "Shoal.lan:80",
    ],
)
def test_own_names_are_allowed_on_any_port(authority: str) -> None:
    assert HostNames(["shoal.lan"]).allow(authority)


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8002",
        "evil.example:8002",
        "localhost:",
        "localhost:80:80",
        "localhost:x",
        "user@localhost",
        "[::1",
        "[::1]x",
        "[evil.example]:80",
        "10.0.0.1",
        "::1",
        "localhost/",
        "localhost ",
        "127.0.0.1,evil.example",
    ],
)
def test_other_names_are_not(authority: str) -> None:
    assert not HostNames(["shoal.lan"]).allow(authority)


def test_a_host_is_read_without_its_port_and_brackets() -> None:
    assert [host_name(each) for each in ("A:1", "[::1]:2", "b")] == ["a", "::1", "b"]


def headers(**given: str) -> Headers:
    return Headers({name.replace("_", "-"): value for name, value in given.items()})


@pytest.mark.parametrize(
    "sent",
    [
        headers(host="localhost:8002"),
        headers(host="localhost:8002", origin="http://localhost:8002"),
        headers(host="LOCALHOST:8002", origin="http://localhost:8002", sec_fetch_site="same-origin"),
        headers(host="localhost", origin="http://localhost:80"),
        headers(host="localhost:8002", sec_fetch_site="none"),
        headers(host="127.0.0.1:8002", origin="https://shoal.lan"),
    ],
)
def test_own_pages_and_programs_are_not_foreign(sent: Headers) -> None:
    assert not is_foreign(sent, ["shoal.lan"])


@pytest.mark.parametrize(
    "sent",
    [
        headers(host="localhost:8002", origin="http://evil.example"),
        headers(host="localhost:8002", origin="null"),
        headers(host="localhost:8002", origin=""),
        headers(host="localhost:8002", origin="http://localhost:3000"),
        headers(host="localhost:8002", origin="http://localhost:8002.evil.example"),
        headers(host="localhost:8002", origin="http://[::1"),
        headers(host="localhost:8002", origin="file://localhost:8002"),
        headers(host="localhost:8002", sec_fetch_site="cross-site"),
        headers(host="localhost:8002", sec_fetch_site="same-site"),
        headers(host="localhost:8002", origin="http://localhost:8002", sec_fetch_site="cross-site"),
    ],
)
def test_other_pages_are_foreign(sent: Headers) -> None:
    assert is_foreign(sent)


def scope(method: str, path: str = "/x", kind: str = "http", **given: str) -> Scope:
    return {"type": kind, "method": method, "path": path, "headers": headers(**given).raw}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_every_method_but_the_reading_ones_acts(method: str) -> None:
    assert acts(scope(method), lambda path: False)


def test_reading_does_not_act_unless_the_path_is_listed_or_a_socket_is_opened() -> None:
    assert not any(acts(scope(method), lambda path: False) for method in ("GET", "HEAD", "OPTIONS"))
    assert acts(scope("GET", "/job/1/run"), lambda path: path.endswith("/run"))
    assert acts(scope("GET", connection="keep-alive, Upgrade", upgrade="websocket"), lambda path: False)
    assert acts(scope("GET", kind="websocket"), lambda path: False)


@pytest.mark.parametrize(
    ("value", "outside"),
    [
        (None, False),
        ("127.0.0.1", False),
        ("::1", False),
        ("for=127.0.0.1;proto=https", False),
        ('for="[::1]:4711"', False),
        ("8.8.8.8", True),
        ("127.0.0.1, 8.8.8.8", True),
        ("8.8.8.8, 127.0.0.1", True),
        ("127.0.0.1, ::1", False),
        ("for=192.0.2.43", True),
        ("unknown", True),
        ("127.0.0.1:5000", False),
        ("2001:db8::1", True),
    ],
)
def test_a_proxy_that_names_another_machine_is_seen(value: str | None, outside: bool) -> None:
    assert names_outsider(value) == outside
