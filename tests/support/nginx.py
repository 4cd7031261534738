"""Debian's nginx with the shipped sample, on loopback ports, in a folder of its own."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.certificates import self_signed
from tests.support.command import ROOT
from tests.support.components import find_program, require_component
from tests.support.waiting import wait_until

SAMPLE = ROOT / "deploy" / "nginx.conf"
NAME = "shoal.example.org"
USER = ("ada", "correct-horse-battery")
WHOLE = """\
daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/shoal.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running nginx before a server; `url` ends with the prefix."""

    folder: Path
    port: int
    plain_port: int
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/shoal"

    def http(self, **options: Any) -> httpx.Client:
        """Return a client that finds the sample's host name on this machine."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        transport = _Here(verify=trusted)
        return httpx.Client(transport=transport, timeout=60, **options)


class _Here(httpx.HTTPTransport):
    """Connect to this machine, whatever the name; TLS still checks the name."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = request.url.host
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_nginx(server_port: int, token: str) -> Iterator[Proxy]:
    """Start nginx before a server, with the sample changed only where it names ports and files."""
    program = require_component("nginx", find_program("nginx", "/usr/sbin"))
    folder = Path(tempfile.mkdtemp(prefix="shoal-nginx-"))
    folder.chmod(0o755)  # Its workers are another user.
    try:
        proxy = Proxy(folder, free_port(), free_port(), folder / "certificate.pem")
        _configure(proxy, server_port, token)
        with (folder / "log").open("wb") as log:
            words = [str(program), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(proxy.port), on_timeout=(folder / "log").read_text)
            yield proxy
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _configure(proxy: Proxy, server_port: int, token: str) -> None:
    folder = proxy.folder
    self_signed(proxy.certificate, folder / "key.pem", NAME)
    token_file = folder / "token.conf"
    token_file.touch(0o600)
    token_file.write_text(token_map(token))
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", USER[1]], capture_output=True, text=True, check=True
    )
    (folder / "users").write_text(f"{USER[0]}:{hashed.stdout}")
    sample = SAMPLE.read_text()
    for old, new in _changes(proxy, server_port).items():
        assert old in sample, old
        sample = sample.replace(old, new)
    (folder / "shoal.conf").write_text(sample)
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder))


def token_map(token: str) -> str:
    """Return what the guide tells to write into the file of the token."""
    kept = '"~*^Bearer " $http_authorization;'
    return f'map $http_authorization $shoal_authorization {{ {kept} default "Bearer {token}"; }}\n'


def _changes(proxy: Proxy, server_port: int) -> Mapping[str, str]:
    folder = proxy.folder
    return {
        "server 127.0.0.1:8002;": f"server 127.0.0.1:{server_port};",
        "listen [::]:80;": "",
        "listen [::]:443 ssl http2;": "",
        "listen 80;": f"listen 127.0.0.1:{proxy.plain_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{proxy.port} ssl http2;",
        "/etc/ssl/certs/shoal.example.org.pem": str(proxy.certificate),
        "/etc/ssl/private/shoal.example.org.key": str(folder / "key.pem"),
        "/etc/nginx/shoal-users": str(folder / "users"),
        "/etc/nginx/shoal-token.conf": str(folder / "token.conf"),
    }


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except ConnectionRefusedError:
        return False
