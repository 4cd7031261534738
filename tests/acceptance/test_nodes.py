"""Workers on other machines: real programs that do a real server's jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.base.database import open_database
from shoal.jobs.states import State
from tests.support.nodes import Beside, running_node
from tests.support.server import Served, running_server


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with running_server(tmp_path / "home", program="tests.support.serve_jobs") as running:
        yield running


@pytest.fixture
def beside(served: Served) -> Iterator[Beside]:
    database = open_database(f"sqlite:///{served.home / 'shoal.db'}")
    yield Beside(database)
    database.close()


def test_a_node_does_jobs_and_brings_back_results_logs_and_artifacts(
    served: Served, beside: Beside, tmp_path: Path
) -> None:
    ids = beside.submit("add", {"numbers": [1, 2, 3]}, n=10)
    with running_node(tmp_path / "node", served.url, beside.invite()) as node:
        jobs = beside.done(ids, node)
        assert [(job.state, job.result["sum"]) for job in jobs] == [(State.SUCCEEDED, 6)] * 10
        for job in jobs:
            (attempt,) = beside.attempts(job.id)
            assert attempt.worker == "node:one"
            assert attempt.log is not None
            assert "the sum is 6" in (served.home / "logs" / attempt.log).read_text()
            key = job.result["artifact"]
            assert key.startswith(f"jobs/{job.id}/1/1/")
            assert (served.home / "files" / key).read_bytes() == b"6"
        assert node.stop() == 0, node.log()
