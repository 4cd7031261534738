"""Where a server listens and how it stops: prefixes, TLS, several addresses, an orderly end."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import running_server
from tests.support.waiting import wait_until

SELF_SIGNED = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
)
BEGUN = b"POST /api/v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\na,b\n1"


def test_several_listeners_serve_one_app(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", listen=["127.0.0.1:0", "[::1]:0"]) as served:
        assert len(served.urls) == 2
        for url in served.urls:
            assert httpx.get(f"{url}/ping", trust_env=False).text == "pong"
        made = httpx.post(f"{served.urls[0]}/api/v1/datasets", content=b"a,b\n1,2\n2,3\n", trust_env=False)
        listed = httpx.get(f"{served.urls[1]}/api/v1/datasets", trust_env=False).json()["datasets"]
        assert [each["id"] for each in listed] == [made.json()["id"]]


def test_a_prefix_works_whether_the_proxy_takes_it_off_or_not(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", root_path="/shoal/") as served:
        bare = served.url.removesuffix("/shoal")
        assert served.url.endswith("/shoal")
        for base in (bare, served.url):
            with httpx.Client(trust_env=False) as http:
                assert http.get(f"{base}/ping").text == "pong"
                made = http.post(f"{base}/api/v1/datasets?name=a.csv", content=b"a,b\n1,2\n2,3\n")
                assert made.headers["location"].startswith("/shoal/api/v1/datasets/")
                assert http.get(bare + made.headers["location"]).status_code == 200
                assert http.get(f"{base}/api/v1/openapi.json").json()["servers"] == [{"url": "/shoal"}]
                refused = http.post(f"{base}/api/v1/datasets", headers={"Origin": "http://evil.example"})
                assert refused.status_code == 403
                assert http.get(f"{base}/nowhere").json()["title"] == "Nothing here: there is no /nowhere."


@pytest.mark.skipif(shutil.which("openssl") is None, reason="apt-get install openssl")
def test_a_tls_listener_and_a_plain_one_stand_side_by_side(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [*SELF_SIGNED.split(), "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    tls: dict[str, Any] = {"tls_certificate": str(certificate), "tls_key": str(key)}
    with running_server(tmp_path / "home", listen=["127.0.0.1:0,tls", "127.0.0.1:0"], **tls) as served:
        trusted = ssl.create_default_context(cafile=str(certificate))
        assert served.urls[0].startswith("https://")
        assert httpx.get(f"{served.urls[0]}/ping", verify=trusted, trust_env=False).text == "pong"
        assert httpx.get(f"{served.urls[1]}/ping", trust_env=False).text == "pong"


def test_an_open_stream_does_not_keep_a_server_from_stopping(tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "home") as served,
        served.http() as http,
        http.stream("GET", "/api/v1/events") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith(": after ")
        began = time.monotonic()
        assert served.stop() == 0, served.log()
        assert time.monotonic() - began < 20
        assert [line for line in lines if line and not line.startswith("retry")] == []


def test_a_request_that_has_begun_is_finished(tmp_path: Path) -> None:
    with running_server(tmp_path / "home") as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
            connection.sendall(BEGUN)
            wait_until(lambda: list((served.home / "run").glob("spool")))
            stopping = threading.Thread(target=served.stop)
            stopping.start()
            wait_until(lambda: _refuses(served.port))
            connection.sendall(b",2\n3,4\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
        stopping.join()
        assert served.process.returncode == 0, served.log()


def _refuses(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return False
    except ConnectionRefusedError:
        return True


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "home") as served,
        socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection,
    ):
        connection.sendall(BEGUN)
        wait_until(lambda: list((served.home / "run").glob("spool")))
        served.process.terminate()
        wait_until(lambda: _refuses(served.port))
        served.process.terminate()
        assert served.process.wait(20) == 0, served.log()
