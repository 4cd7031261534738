"""A listener that is open to a network: documented requests without a token, and nothing beside."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shoal.access.tokens import generate
from tests.support.server import Served, running_server

TASK = {"type": "local", "cmd": ["true"]}
as_another_user = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("runuser") is None, reason="needs root and runuser to be another user"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run a server whose first listener is open to us, whose second to others, and whose third to nobody."""
    home = tmp_path_factory.mktemp("open") / "home"
    home.mkdir()
    generate(home)
    listen = ["0.0.0.0:0,open=127.0.0.0/8", "0.0.0.0:0,open=198.51.100.0/24", "0.0.0.0:0"]
    with running_server(home, listen=listen) as running:
        yield running


def url(served: Served, listener: int = 0) -> str:
    return served.urls[listener].replace("localhost", "127.0.0.1")


def ask(served: Served, method: str, path: str, listener: int = 0, **options: Any) -> httpx.Response:
    with httpx.Client(trust_env=False, base_url=url(served, listener), timeout=60) as http:
        return http.request(method, path, **options)


def test_documented_requests_are_answered_to_the_network(served: Served) -> None:
    posted = ask(served, "POST", "/task", json=TASK)
    assert posted.status_code == 200, posted.text
    task = f"/task/{posted.json()['id']}"
    assert ask(served, "GET", task).status_code == 200
    assert ask(served, "HEAD", task).status_code == 200
    assert ask(served, "DELETE", task).status_code == 200


def test_jobserver_is_answered_to_the_network_too(served: Served) -> None:
    made = ask(served, "PUT", "/job", json={"foo": "42"})
    assert made.status_code == 201, made.text
    job = f"/job/{made.json()['_id']}"
    assert ask(served, "GET", job).json()["foo"] == "42"
    for path in ("/jobs", "/scripts", "/datafiles", "/data", "/info"):
        assert ask(served, "GET", path).status_code == 200, path
    assert ask(served, "GET", job, listener=1).status_code == 401
    assert ask(served, "DELETE", job).status_code == 200


@pytest.mark.parametrize("listener", [1, 2])
def test_whoever_is_not_in_the_network_needs_the_token(served: Served, listener: int) -> None:
    refused = ask(served, "POST", "/task", listener, json=TASK)
    assert refused.status_code == 401
    assert "token" in refused.json()["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/jobs"),
        ("POST", "/api/v1/jobs"),
        ("GET", "/api/v1/datasets"),
        ("GET", "/metrics"),
        ("GET", "/app/jobs"),
        ("PUT", "/task"),
        ("GET", "/task/../api/v1/jobs"),
        ("GET", "//task"),
        ("GET", "/nowhere"),
    ],
)
def test_everything_else_needs_the_token_there_too(served: Served, method: str, path: str) -> None:
    assert ask(served, method, path).status_code == 401
    wrong = ask(served, method, path, headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401


def test_a_wrong_token_opens_nothing(served: Served) -> None:
    assert ask(served, "GET", "/task", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_who_comes_in_so_is_no_admin(served: Served) -> None:
    volumes = TASK | {"type": "container", "image": "ubuntu", "volumes": ["/:/host"]}
    assert ask(served, "POST", "/task", json=volumes).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example:8080", "Origin": "http://evil.example:8080"}, 421),
        ({"Host": "evil.example:8080"}, 421),
        ({"X-Forwarded-For": "192.0.2.1"}, 401),
        ({"Host": "192.0.2.7:8080"}, 200),
    ],
)
def test_a_browser_is_no_way_in(served: Served, headers: dict[str, str], status: int) -> None:
    assert ask(served, "POST", "/task", json=TASK, headers=headers).status_code == status


@as_another_user
def test_another_user_of_this_machine_does_not_come_in_by_it(served: Served) -> None:
    line = ["curl", "-s", "--noproxy", "*", "-X", "POST", "-d", '{"type":"local","cmd":["true"]}']
    command = ["runuser", "-u", "nobody", "--", *line, f"{url(served)}/task"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", timeout=30)
    assert "Another user of this machine" in done.stdout
