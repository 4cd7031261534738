"""Loopback is not trust: who reaches a real server through real sockets, and who does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shoal.access.tokens import generate
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

ROWS = b"a,b\n1,2\n3,4\n5,6\n"
as_another_user = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("runuser") is None, reason="needs root and runuser to be another user"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("loopback") / "home") as served:
        yield served


def curl(*arguments: str, user: str | None = None) -> tuple[str, str]:
    """Return the status and the body that curl gets."""
    who = ["runuser", "-u", user, "--"] if user else []
    command = [*who, "curl", "-s", "-q", "--noproxy", "*", "-m", "20", "-w", "\n%{http_code}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd="/")
    body, _, status = done.stdout.rpartition("\n")
    return status, body


def post(server: Served, **headers: str) -> httpx.Response:
    """Cancel a study that is not there: 404 for whom is let in."""
    with server.http() as http:
        return http.post("/api/v1/studies/nothing/cancel", headers=headers)


def test_a_plain_curl_line_works(server: Served) -> None:
    assert curl(f"{server.url}/ping") == ("200", "pong")
    assert curl(f"{server.url}/api/v1/studies")[0] == "200"
    assert curl("-X", "POST", f"{server.url}/api/v1/studies/nothing/cancel")[0] == "404"


def test_header_lines_joined_by_a_bare_line_feed_are_read(server: Served) -> None:
    status, _ = curl(
        "-H", "X-One: 1\nAuthorization: Bearer wrong-token-wrong-token", f"{server.url}/api/v1/jobs"
    )
    assert status == "401", "the second line was not read as a header"
    assert curl("-H", "X-One: 1\nX-Two: 2", f"{server.url}/ping") == ("200", "pong")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8002", "127.0.0.1.evil.example", ""])
@pytest.mark.parametrize("path", ["/ping", "/api/v1/studies", "/nowhere"])
def test_a_name_that_was_bound_to_this_address_is_refused(server: Served, host: str, path: str) -> None:
    with server.http() as http:
        answer = http.get(path, headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["code"] == "misdirected"


def test_a_request_without_a_host_is_refused(server: Served) -> None:
    assert b" 421 " in server.raw(b"GET /ping HTTP/1.0\r\n\r\n")


def test_two_hosts_are_refused(server: Served) -> None:
    answer = server.raw(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert b" 400 " in answer


@pytest.mark.parametrize("name", ["localhost", "[::1]", "127.0.0.1"])
def test_the_names_of_this_machine_are_allowed(server: Served, name: str) -> None:
    with server.http() as http:
        assert http.get("/ping", headers={"Host": f"{name}:{server.port}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_origin_may_not_act(server: Served, headers: dict[str, str]) -> None:
    answer = post(server, **headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_caller"


def test_our_own_page_may_act(server: Served) -> None:
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert post(server, **own).status_code == 404


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_another_page_may_not_open_a_web_socket(server: Served, origin: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = b64encode(bytes(16)).decode()
    with server.http() as http:
        answer = http.get("/api/v1/events", headers={**upgrade, "Origin": origin})
    assert answer.status_code == 403


def test_no_page_of_another_origin_is_told_that_it_may_read(server: Served) -> None:
    with server.http() as http:
        answer = http.get("/api/v1/studies", headers={"Origin": "http://evil.example"})
        preflight = http.options("/api/v1/studies", headers={"Origin": "http://evil.example"})
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in [*answer.headers, *preflight.headers] if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"X-Real-IP": "192.0.2.1"}]
)
def test_what_a_proxy_passes_on_from_outside_needs_the_token(server: Served, headers: dict[str, str]) -> None:
    assert post(server, **headers).status_code == 401


@as_another_user
@pytest.mark.parametrize("path", ["/ping", "/api/v1/studies", "/metrics", "/nowhere"])
def test_another_user_of_this_machine_is_refused(server: Served, path: str) -> None:
    status, body = curl(f"{server.url}{path}", user="nobody")
    assert status == "403"
    assert "Another user of this machine" in body
    for spoofed in ("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"):
        assert curl("-H", spoofed, f"{server.url}{path}", user="nobody")[0] == "403"


@as_another_user
def test_another_user_who_hangs_up_at_once_is_refused_too(server: Served) -> None:
    # The kernel lists a closed socket under user 0: taken at its word, that would be root, who serves here.
    with server.http() as http:
        dataset = http.post("/api/v1/datasets?name=kept.csv", content=ROWS).json()["id"]
        request = f"DELETE /api/v1/datasets/{dataset} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"
        script = f"exec 3<>/dev/tcp/127.0.0.1/{server.port}; printf '{request}' >&3"
        before = refused(http)
        for _ in range(20):
            subprocess.run(["runuser", "-u", "nobody", "--", "bash", "-c", script], check=True, cwd="/")
        wait_until(lambda: refused(http) == before + 20, on_timeout=lambda: http.get("/metrics").text)
        assert http.get(f"/api/v1/datasets/{dataset}").status_code == 200


def refused(http: httpx.Client) -> float:
    """Return how many requests were answered 403."""
    lines = http.get("/metrics").text.splitlines()
    counts = (line for line in lines if line.startswith("shoal_http_requests_total{"))
    return sum(float(line.rpartition(" ")[2]) for line in counts if 'status="403"' in line)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """Run a server on a loopback address, and on one that others reach; give it with its token."""
    home = tmp_path_factory.mktemp("guarded") / "home"
    home.mkdir()
    token = generate(home)
    with running_server(home, listen=["127.0.0.1:0", "0.0.0.0:0"]) as served:
        yield served, token


def outside(served: Served, path: str, **headers: str) -> int:
    with httpx.Client(trust_env=False) as http:
        return http.get(served.urls[1].replace("localhost", "127.0.0.1") + path, headers=headers).status_code


@pytest.mark.parametrize(
    "path", ["/api/v1/studies", "/readyz", "/metrics", "/api/v1/openapi.json", "/nowhere"]
)
def test_beyond_loopback_every_request_needs_the_token(guarded: tuple[Served, str], path: str) -> None:
    served, token = guarded
    assert outside(served, path) == 401
    assert outside(served, path, Authorization="Bearer wrong") == 401
    assert outside(served, path, Authorization=f"Basic {token}") == 401
    assert outside(served, path, Authorization=f"Bearer {token}") != 401


def test_beyond_loopback_the_doors_are_open(guarded: tuple[Served, str]) -> None:
    served, _ = guarded
    assert [outside(served, path) for path in ("/ping", "/healthz")] == [200, 200]
    assert outside(served, "/ping", Host="any.name.example") == 200


def test_a_wrong_token_is_refused_on_loopback_too(guarded: tuple[Served, str]) -> None:
    served, token = guarded
    with served.http() as http:
        assert http.get("/api/v1/studies").status_code == 200
        wrong = http.get("/api/v1/studies", headers={"Authorization": "Bearer wrong"})
        right = http.get(
            "/api/v1/studies", headers={"Authorization": f"Bearer {token}", "Host": "proxied.example"}
        )
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    assert right.status_code == 200


@as_another_user
def test_another_user_with_the_token_is_let_in(guarded: tuple[Served, str]) -> None:
    served, token = guarded
    assert curl(f"{served.url}/api/v1/studies", user="nobody")[0] == "403"
    with_token = ["-H", f"Authorization: Bearer {token}", f"{served.url}/api/v1/studies"]
    assert curl(*with_token, user="nobody")[0] == "200"


def test_the_token_is_in_no_log(guarded: tuple[Served, str]) -> None:
    served, token = guarded
    outside(served, f"/api/v1/studies?token={token}", Authorization=f"Bearer {token}")
    files = [path for path in [*served.home.rglob("*"), served.output] if path.is_file()]
    assert not [path for path in files if token.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"listen": ["0.0.0.0:0"]}, "there is no server token"),
        ({"listen": ["nonsense"]}, "is not an address to listen on"),
        ({"listen": ["127.0.0.1:0,tls"]}, "there is no certificate"),
        ({"root_path": "/a b"}, "is not a path prefix"),
    ],
)
def test_a_server_that_would_be_open_or_wrong_does_not_start(
    tmp_path: Path, flags: dict[str, Any], words: str
) -> None:
    with (
        pytest.raises(AssertionError, match=words) as refused,
        running_server(tmp_path / "home", **flags),
    ):
        pass
    assert "Traceback" not in str(refused.value)


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path, server: Served) -> None:
    with (
        pytest.raises(AssertionError, match=f"Port {server.port} on 127.0.0.1 is in use"),
        running_server(tmp_path / "home", listen=[f"127.0.0.1:{server.port}"]),
    ):
        pass
