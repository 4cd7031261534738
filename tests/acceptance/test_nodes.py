"""Workers on other machines: real programs that do a real server's jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal import __version__
from shoal.base.database import open_database
from shoal.client import Client
from shoal.jobs.states import State
from tests.support.certificates import self_signed
from tests.support.command import PENGUINS
from tests.support.nodes import ELSEWHERE, Beside, running_node
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until


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
    said = beside.submit("say")
    failed = beside.submit("raises", {"message": "no good"}, retry=None)
    with running_node(tmp_path / "node", served.url, beside.invite()) as node:
        jobs = beside.done(ids, node)
        assert [(job.state, job.result["sum"]) for job in jobs] == [(State.SUCCEEDED, 6)] * 10
        for job in jobs:
            (attempt,) = beside.attempts(job.id)
            assert attempt.worker == "node:one"
            assert (attempt.facts or {})["process"] in (1, 2)
            assert attempt.log is not None
            assert "the sum is 6" in (served.home / "logs" / attempt.log).read_text()
            key = job.result["artifact"]
            assert key.startswith(f"jobs/{job.id}/1/1/")
            assert (served.home / "files" / key).read_bytes() == b"6"
        beside.done([*said, *failed], node)
        with Client(served.url) as client:
            lines = client.jobs.get(said[0]).log().splitlines()
            assert {"from print", "from stderr", "from the log", "no newline"} <= set(lines)
        assert (beside.job(failed[0]).error or {})["message"] == "no good"
        assert node.stop() == 0, node.log()
    assert "Left." in node.log()


def test_a_node_works_over_https_and_only_with_a_certificate_that_it_trusts(tmp_path: Path) -> None:
    certificate, key, other = tmp_path / "one.pem", tmp_path / "one.key", tmp_path / "other.pem"
    self_signed(certificate, key, "localhost")
    self_signed(other, tmp_path / "other.key", "localhost")
    pair: dict[str, Any] = {"tls_certificate": str(certificate), "tls_key": str(key)}
    listen = ["127.0.0.1:0,tls"]
    with running_server(
        tmp_path / "home", program="tests.support.serve_jobs", listen=listen, **pair
    ) as served:
        url = f"https://localhost:{served.port}"
        database = open_database(f"sqlite:///{served.home / 'shoal.db'}")
        beside = Beside(database)
        token = beside.invite()
        with running_node(tmp_path / "untrusting", url, token, ca=str(other)) as node:
            assert node.process.wait(60) == 1
            assert "is not one that this machine trusts" in node.log()
        ids = beside.submit("add", {"numbers": [2, 2]}, n=3)
        with running_node(tmp_path / "node", url, token, ca=str(certificate)) as node:
            assert {job.result["sum"] for job in beside.done(ids, node)} == {4}
            assert node.stop() == 0, node.log()
        database.close()


def test_a_whole_study_runs_elsewhere(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", program="tests.support.serve_jobs") as served:
        database = open_database(f"sqlite:///{served.home / 'shoal.db'}")
        beside = Beside(database)
        with running_node(tmp_path / "node", served.url, beside.invite(), labels=[]) as node:
            node.says("works for")
            with Client(served.url) as client:
                (house,) = [one["name"] for one in client.workers.list() if not one["node"]]
                client.workers.drain(house)
                dataset = client.datasets.add(PENGUINS)
                study = client.studies.submit(dataset.id, n_experiments=2, max_k=4, n_init=2).wait()
                assert study.summary is not None
                workers = {
                    attempt["worker"]
                    for job in client.jobs.find(kind=["study.fits", "study.finish"])
                    for attempt in job.attempts()
                    if attempt["state"] == "succeeded"
                }
                assert workers == {"node:one"}
                wait_until(lambda: client.jobs.find(kind=["study.draw"], state=["succeeded"]), timeout=60)
            assert node.stop() == 0, node.log()
        database.close()


def test_a_node_takes_only_what_it_offers_and_is_seen_at_work(
    served: Served, beside: Beside, tmp_path: Path
) -> None:
    places = {name: str(tmp_path / name) for name in ("running", "go")}
    pinned = beside.submit("nothing", labels=("gpu",))
    with (
        running_node(tmp_path / "node", served.url, beside.invite(), workers=1) as node,
        Client(served.url) as client,
    ):
        (job,) = beside.submit("wait_for_file", places)
        wait_until(Path(places["running"]).exists, on_timeout=node.log)

        def shown() -> dict[str, object]:
            (found,) = [one for one in client.workers.list() if one["node"]]
            return found

        wait_until(lambda: shown()["running"], on_timeout=shown)
        found = shown()
        assert (found["name"], found["state"], found["labels"]) == ("one", "busy", [ELSEWHERE])
        assert (found["workers"], found["version"]) == (1, __version__)
        assert isinstance(running := found["running"], list)
        assert (running[0]["job"], running[0]["kind"]) == (job, "test.wait_for_file")
        client.workers.drain("one")
        (waiting,) = beside.submit("nothing")
        Path(places["go"]).touch()
        assert beside.done([job], node)[0].state == State.SUCCEEDED
        assert shown()["state"] == "draining"
        assert beside.job(waiting).state == State.QUEUED
        client.workers.resume("one")
        assert beside.done([waiting], node)[0].state == State.SUCCEEDED
        assert beside.job(pinned[0]).state == State.QUEUED
        assert node.stop() == 0, node.log()
        assert shown()["state"] == "gone"


def test_a_job_on_a_node_is_cancelled_and_its_timeout_ends_it(
    served: Served, beside: Beside, tmp_path: Path
) -> None:
    places = {name: str(tmp_path / name) for name in ("running", "go")}
    with (
        running_node(tmp_path / "node", served.url, beside.invite()) as node,
        Client(served.url) as client,
    ):
        (job,) = beside.submit("wait_for_file", places)
        wait_until(Path(places["running"]).exists, on_timeout=node.log)
        client.jobs.get(job).cancel()
        assert beside.done([job], node)[0].state == State.CANCELLED
        (late,) = beside.submit("wait_for_file", places, timeout=0.3, retry=None)
        ended = beside.done([late], node)[0]
        assert (ended.state, (ended.error or {})["kind"]) == (State.FAILED, "timeout")
        assert node.stop() == 0, node.log()
