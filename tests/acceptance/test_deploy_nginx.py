"""The shipped nginx sample before a real server: prefix, TLS, who comes in, event streams, large uploads."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shoal.access.tokens import generate
from shoal.server.api.events import KEEP_ALIVE
from tests.support.nginx import NAME, USER, Proxy, running_nginx
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
ROWS = b"a,b\n1,2\n2,3\n"
OUTSIDE = {"X-Forwarded-For": "203.0.113.7"}
TOO_MUCH = 300 << 20


@dataclass(frozen=True)
class Site:
    """A server with nginx before it."""

    served: Served
    proxy: Proxy
    token: str

    def http(self, **options: object) -> httpx.Client:
        """Return a client that has given its name and password and, its headers say, is elsewhere."""
        return self.proxy.http(base_url=self.proxy.url, auth=USER, headers=OUTSIDE, **options)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("behind") / "home"
    home.mkdir()
    token = generate(home)
    with (
        running_server(home, root_path="/shoal", hosts=[NAME]) as served,
        running_nginx(served.port, token) as proxy,
    ):
        yield Site(served, proxy, token)


def test_people_come_in_by_password_and_programs_by_token(site: Site) -> None:
    with site.proxy.http(base_url=site.proxy.url) as http:
        stranger = http.get("/api/v1/studies")
        assert stranger.status_code == 401
        assert stranger.headers["www-authenticate"] == 'Basic realm="Shoal"'
        assert http.get("/api/v1/studies", auth=(USER[0], "guessed")).status_code == 401
        assert http.get("/api/v1/studies", auth=USER).status_code == 200
        for token, status in ((site.token, 200), (site.token[:-1], 401)):
            answer = http.get("/api/v1/studies", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
            assert answer.headers["content-type"].startswith("application/")
    assert site.token not in (site.proxy.folder / "log").read_text() + site.served.log()
    assert (site.proxy.folder / "token.conf").stat().st_mode & 0o077 == 0


def test_the_doors_are_open_to_those_whom_nginx_let_in(site: Site) -> None:
    with site.http() as http:
        assert http.get("/ping").text == "pong"
        assert http.get("/healthz").json() == {"status": "ok"}
        wait_until(lambda: http.get("/readyz").status_code == 200, timeout=120)


def test_every_address_carries_the_prefix(site: Site) -> None:
    with site.http() as http:
        made = http.post("/api/v1/datasets", params={"name": "a.csv"}, content=ROWS)
        assert made.status_code == 201
        assert made.headers["location"].startswith("/shoal/api/v1/datasets/")
        assert http.get(f"https://{NAME}:{site.proxy.port}{made.headers['location']}").status_code == 200
        assert http.get("/api/v1/openapi.json").json()["servers"] == [{"url": "/shoal"}]
        for path in ("/app", "/app/datasets", "/app/studies", "/app/sign-in", "/app/nowhere"):
            page = http.get(path, headers={"Accept": "text/html"})
            assert page.headers["content-type"].startswith("text/html")
            local = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
            assert local
            assert [each for each in local if not each.startswith("/shoal/")] == []
            assert http.get(f"https://{NAME}:{site.proxy.port}{local[0]}").status_code == 200
        old = http.get("/submit", headers={"Accept": "text/html"})
        assert old.status_code in (302, 303, 307)
        assert old.headers["location"].startswith("/shoal/")
        for short in ("/", "/shoal"):
            sent = http.get(f"https://{NAME}:{site.proxy.port}{short}")
            assert (sent.status_code, sent.headers["location"]) == (302, "/shoal/app")


def test_plain_http_leads_to_tls(site: Site) -> None:
    url = f"http://127.0.0.1:{site.proxy.plain_port}/shoal/app?x=1"
    sent = httpx.get(url, headers={"Host": NAME}, trust_env=False)
    assert (sent.status_code, sent.headers["location"]) == (308, f"https://{NAME}/shoal/app?x=1")


def test_answers_carry_the_headers_that_keep_pages_safe(site: Site) -> None:
    with site.http() as http:
        page = http.get("/app/sign-in")
    for name, value in {
        "strict-transport-security": "max-age=31536000",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }.items():
        assert page.headers.get_list(name) == [value]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["server"] == "nginx"
    cookies = page.headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert {"secure", "httponly", "path=/shoal"} <= {part.strip().lower() for part in cookie.split(";")}


def test_a_page_of_another_origin_cannot_borrow_the_token_that_nginx_adds(site: Site) -> None:
    own = f"https://{NAME}:{site.proxy.port}"
    with site.http() as http:
        for headers, status in (
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 201),
        ):
            assert http.post("/api/v1/datasets", headers=headers, content=ROWS).status_code == status, headers


def test_events_arrive_while_the_stream_is_open(site: Site) -> None:
    with site.http() as http:
        wish = {"dataset": http.post("/api/v1/datasets", content=ROWS).json()["id"], "max_k": 2}
        with http.stream("GET", "/api/v1/events", params={"topic": "studies"}) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith(": after ")
            began = time.monotonic()
            study = http.post("/api/v1/studies", json=wish).json()["id"]
            data = next(line for line in lines if line.startswith("data:"))
            # A buffer of nginx's would be passed on when the stream says that it is still there.
            assert time.monotonic() - began < KEEP_ALIVE / 3
    assert json.loads(data.removeprefix("data:"))["subject"] == study


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
def test_an_upload_of_300_mb_is_refused_in_a_sentence(site: Site, announced: bool) -> None:
    headers = {"Content-Length": str(TOO_MUCH)} if announced else {}
    sent = _Sent()
    with site.http() as http:
        try:
            answer = http.post("/api/v1/datasets", headers=headers, content=sent.pieces())
        except httpx.WriteError:
            pytest.fail(f"the connection broke after {sent.bytes >> 20} MB without an answer")
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too_large"
    assert answer.json()["title"].startswith("The body is larger than")
    assert not list((site.served.home / "run" / "spool").glob("*"))


class _Sent:
    """A body of 300 MB that counts what was taken of it."""

    def __init__(self) -> None:
        self.bytes = 0

    def pieces(self) -> Iterator[bytes]:
        piece = b"1,2\n" * (1 << 18)
        while self.bytes < TOO_MUCH:
            self.bytes += len(piece)
            yield piece


def test_an_upload_over_the_servers_own_limit_is_explained_by_the_server(site: Site, tmp_path: Path) -> None:
    size = (256 << 20) + 1
    head = {"Content-Length": str(size)}
    with site.http() as http:
        answer = http.post("/api/v1/datasets", headers=head, content=pieces(size))
    assert answer.status_code == 413
    assert answer.json()["limit"] == 256 << 20


def pieces(size: int) -> Iterator[bytes]:
    for begin in range(0, size, 1 << 20):
        yield b"1" * min(1 << 20, size - begin)
