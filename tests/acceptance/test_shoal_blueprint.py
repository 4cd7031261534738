"""The blueprint `shoal`, built of processes: a server, its own PostgreSQL, and workers that do its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.client import Client
from tests.support.blueprints import Built, changed_copy, of_processes
from tests.support.components import find_program, require_component
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(900)]


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Built]:
    initdb = require_component("PostgreSQL", find_program("initdb", "/usr/lib/postgresql/*/bin"))
    instead = {**of_processes(), 'postgres: ""': f"postgres: {initdb.parent}"}
    with running_server(tmp_path / "served", infra={"interval": 2.0}) as server:
        found = Built(server, tmp_path)
        try:
            found.infra("build", changed_copy("shoal", tmp_path / "my-shoal", instead))
            yield found
        finally:
            if found.shown("--gone")["phase"] != "destroyed":
                found.infra("destroy", "last", "--yes")


# One test: its steps need one cluster, and to build it takes a while.
def test_a_server_with_its_database_and_workers_does_jobs_and_leaves_nothing(built: Built) -> None:
    (address,) = built.addresses("shoal-server")
    (database,) = built.addresses("shoal-database")
    with Client(f"http://{address}:8002") as client:
        jobs_are_done_by_workers(client)
        workers_come_and_go(built, client)
    rows_are_in_postgres(built, database)
    built.infra("destroy", "last", "--yes")
    assert not list(built.server.home.glob("infra/*/machines"))
    assert {each["state"] for each in built.shown("--gone")["instances"]} == {"dropped"}


def jobs_are_done_by_workers(client: Client) -> None:
    (worker,) = nodes(client)
    request = {"runner": "command", "cmd": ["sh", "-c", "sleep 1; echo done"]}
    jobs = [client.jobs.submit(request) for _ in range(6)]
    seen: set[str] = set()

    def is_seen() -> bool:
        seen.update(each["name"] for each in client.workers.list() if each["running"])
        return worker in seen

    wait_until(is_seen, timeout=60, on_timeout=client.workers.list)
    for job in jobs:
        job.wait(timeout=120)
        assert job.log() == "done\n"


def workers_come_and_go(built: Built, client: Client) -> None:
    before = nodes(client)
    built.infra("scale", "last", "shoal-worker", 2)
    assert len(nodes(client)) == 2
    built.infra("scale", "last", "shoal-worker", 1)
    assert nodes(client) == before


def nodes(client: Client) -> set[str]:
    """Return the names of machines that have joined."""
    return {each["name"] for each in client.workers.list() if each["node"]}


def rows_are_in_postgres(built: Built, database: str) -> None:
    """The server has no database of its own, and whoever has no password is not let in to the other."""
    assert not list(built.server.home.glob("infra/*/machines/*/home/srv/shoal/home/shoal.db"))
    psycopg = pytest.importorskip("psycopg")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://shoal:wrong@{database}:5432/shoal").close()
    (file,) = built.server.home.glob("infra/*/machines/*/home/srv/shoal/database")
    with psycopg.connect(file.read_text().strip()) as connection:
        assert connection.execute("SELECT count(*) FROM jobs").fetchone()[0] >= 6
