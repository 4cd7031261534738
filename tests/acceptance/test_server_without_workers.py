"""A server that only serves: jobs wait for other machines, and whoever asks is told what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.asking import add
from tests.support.command import PENGUINS, shoal
from tests.support.receiver import running_receiver
from tests.support.server import running_server
from tests.support.waiting import wait_until

ADVICE = "shoal worker"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        running_server(tmp_path_factory.mktemp("alone") / "home", workers=0) as served,
        served.http() as client,
    ):
        wait_until(lambda: client.get("/readyz").status_code == 200, timeout=60, on_timeout=served.log)
        yield client


def test_a_study_waits_and_everyone_is_told_what_to_do(http: httpx.Client) -> None:
    started = http.post("/api/v1/studies", json={"dataset": add(http), "max_k": 3, "n_experiments": 2})
    assert started.status_code == 201, started.text
    assert ADVICE in started.json()["changed"]
    study = started.json()["id"]
    assert ADVICE in http.get(f"/app/studies/{study}", headers={"accept": "text/html"}).text
    job = next(one for one in http.get("/api/v1/jobs").json()["jobs"] if one["kind"] == "study.fits")
    assert job["state"] == "queued"
    assert any(ADVICE in line for line in http.get(f"/api/v1/jobs/{job['id']}/explain").json()["sentences"])
    assert http.get(f"/api/v1/studies/{study}").json()["progress"]["done"] == 0


def test_what_nobody_else_may_do_is_done(http: httpx.Client) -> None:
    with running_receiver() as receiver:
        wish = {"runner": "command", "cmd": ["true"], "webhook": receiver.url}
        posted = http.post("/api/v1/jobs", json=wish)
        assert posted.status_code == 201, posted.text
        assert http.post(f"/api/v1/jobs/{posted.json()['id']}/cancel").status_code == 200
        wait_until(lambda: receiver.told, timeout=60)


def test_a_command_that_would_wait_for_ever_is_refused(tmp_path: Path) -> None:
    ran = shoal("study", "run", PENGUINS, home=tmp_path / "home", cwd=tmp_path, SHOAL_WORKERS="0")
    assert ran.code == 1
    assert "--workers 2" in ran.err
