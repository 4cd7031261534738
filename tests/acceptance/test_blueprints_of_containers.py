"""The blueprints `cqueue` and `shoal` as they are: of containers, with TLS between them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.blueprints import Built, changed_copy
from tests.support.engine import Engine, running_engine
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Give an engine that has built the image as the blueprints name it."""
    with running_engine() as running:
        running.make("docker-build", timeout=1800)
        yield running


@dataclass(frozen=True)
class Containers(Built):
    """An infrastructure of containers."""

    engine: Engine | None = None

    def inside(self, node: str, line: str) -> str:
        """Run a line in the shell of a node's first machine and return what it prints."""
        assert self.engine is not None
        found = self.engine.run("ps", "--quiet", f"--filter=label=shoal.node={node}").split()
        return self.engine.run("exec", found[0], "sh", "-c", line).strip()

    def is_gone(self) -> bool:
        """Destroy it and say whether nothing is left."""
        assert self.engine is not None
        self.infra("destroy", "last", "--yes")
        infra = "--filter=label=shoal.infra"
        kinds = (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        return not any(self.engine.run(*kind, "--quiet", infra).strip() for kind in kinds)


@pytest.fixture
def built(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Containers]:
    """Build the blueprint whose name a test is given."""
    name = str(request.param)
    instead = {"unix:///var/run/docker.sock": engine.environment["DOCKER_HOST"]}
    with running_server(tmp_path / "served", infra={"interval": 2.0}) as server:
        found = Containers(server, tmp_path, engine=engine)
        found.infra("build", changed_copy(name, tmp_path / f"my-{name}", instead))
        yield found


@pytest.mark.parametrize("built", ["cqueue"], indirect=True)
def test_a_queue_of_containers_does_tasks(built: Containers) -> None:
    (address,) = built.addresses("cqueue-master")
    with httpx.Client(base_url=f"http://{address}:8080", trust_env=False, timeout=60) as http:
        local = posted(address, '{"type":"local", "cmd":["hostname"]}')
        batch = posted(address, '{"type":"batch", "start":"1" , "stop":"3", "cmd":["echo", "run {{.}}.cfg"]}')

        def have_ended() -> bool:
            return all(http.get(f"/task/{task}").json()["status"] == "SUCCESS" for task in (local, batch))

        wait_until(have_ended, timeout=120, on_timeout=built.logs)
        assert http.get(f"/task/{batch}/result").text == "run 1.cfg\nrun 2.cfg\nrun 3.cfg\n"
        assert http.get("/api/v1/workers").status_code == 401
    built.infra("scale", "last", "cqueue-worker", 2)
    built.infra("scale", "last", "cqueue-worker", 1)
    listed = built.inside("cqueue-worker", "sh /srv/shoal/shoal.sh node list --output quiet").split()
    assert len([name for name in listed if "cqueue-worker" in name]) == 1
    assert built.is_gone()


def posted(address: str, document: str) -> str:
    """Post a task by the documented line and return its id."""
    line = f"curl -H 'Content-Type: application/json' -X POST -d'{document}' http://{address}:8080/task"
    answer = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True, timeout=60)
    return str(httpx.Response(200, text=answer.stdout).json()["id"])


@pytest.mark.parametrize("built", ["shoal"], indirect=True)
def test_a_server_of_containers_does_jobs(built: Containers) -> None:
    said = built.inside("shoal-worker", "sh /srv/shoal/shoal.sh job run -- echo done")
    assert said.endswith("done")
    built.infra("scale", "last", "shoal-worker", 2)
    listed = built.inside("shoal-worker", "sh /srv/shoal/shoal.sh node list --output quiet").split()
    assert len([name for name in listed if "shoal-worker" in name]) == 2
    assert built.is_gone()
