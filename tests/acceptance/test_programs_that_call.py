"""What a job runs may not use the server as its owner does, even where it runs as the same user."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shoal.access.tokens import generate
from shoal.jobs.sandbox.modes import BUBBLEWRAP, LANDLOCK, NONE
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

CURL = "curl -s -q --noproxy '*' -m 20 -o /dev/null -w '%{http_code}'"
HIDING = """
import ctypes, socket
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
with socket.create_connection(("127.0.0.1", PORT)) as line:
    line.sendall(b"GET /api/v1/jobs HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    print(line.recv(12)[-3:].decode(), end="")
"""


@dataclass(frozen=True)
class Site:
    """A server and its token."""

    served: Served
    token: str


@pytest.fixture(scope="module", params=[NONE, BUBBLEWRAP, LANDLOCK])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("calling") / "home"
    home.mkdir()
    token = generate(home)
    with running_server(home, execution={"sandbox": request.param}) as served:
        yield Site(served, token)


def printed(site: Site, *cmd: str) -> str:
    """Return what a command prints that is run as a job."""
    with site.served.http() as http:
        wish = {"runner": "command", "cmd": cmd, "timeout": 60}
        id_ = http.post("/api/v1/jobs", json=wish).json()["id"]
        wait_until(lambda: http.get(f"/api/v1/jobs/{id_}").json()["ended"], timeout=60)
        job = http.get(f"/api/v1/jobs/{id_}").json()
        if job["state"] == "failed" and "sandbox" in job["error"]["message"]:
            pytest.skip(job["error"]["message"])
        assert job["state"] == "succeeded", (job["error"], job["result"])
        return str(job["result"]["stdout"])


def test_a_job_is_refused_whatever_it_does_to_hide(site: Site) -> None:
    url = f"{site.served.url}/api/v1/jobs"
    assert printed(site, "sh", "-c", f"{CURL} {url}") == "403"
    assert printed(site, "sh", "-c", f"(setsid {CURL} {url} &) ; sleep 2") == "403"
    hiding = HIDING.replace("PORT", str(site.served.port))
    assert printed(site, "python3", "-c", hiding) == "403"


def test_a_job_with_the_token_is_let_in(site: Site) -> None:
    bearer = f"-H 'Authorization: Bearer {site.token}'"
    assert printed(site, "sh", "-c", f"{CURL} {bearer} {site.served.url}/api/v1/jobs") == "200"


def test_the_owner_is_let_in_while_a_job_runs(site: Site, tmp_path: Path) -> None:
    with site.served.http() as http:
        wish = {"runner": "command", "cmd": ["sleep", "60"]}
        job = http.post("/api/v1/jobs", json=wish).json()["id"]
        wait_until(lambda: http.get(f"/api/v1/jobs/{job}").json()["state"] == "running")
        for command in (["sh", "-c", f"{CURL} {site.served.url}/api/v1/jobs"], [sys.executable, "-c", OWNER]):
            done = subprocess.run(
                [*command, site.served.url], capture_output=True, text=True, check=True, cwd=tmp_path
            )
            assert done.stdout == "200"
        http.post(f"/api/v1/jobs/{job}/cancel")


OWNER = """
import sys, httpx
print(httpx.get(sys.argv[1] + "/api/v1/jobs").status_code, end="")
"""
