"""A server that dies while it takes a job in: sent again under its key, the job is there once and whole."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.support.server import running_server

ARRAY = {"runner": "command", "cmd": ["true"], "array": "0-4%2", "idempotency_key": "once"}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_submission_that_was_cut_off_is_done_once(tmp_path: Path, moment: str) -> None:
    home = tmp_path / "home"
    env = {"SHOAL_FAULT": f"jobs_api.submit:{moment}"}
    with running_server(home, env=env) as server, server.http() as http:
        with pytest.raises(httpx.HTTPError):
            http.post("/api/v1/jobs", json=ARRAY)
        server.process.wait(30)
    with running_server(home) as server, server.http() as http:
        first = http.post("/api/v1/jobs", json=ARRAY).json()
        assert http.post("/api/v1/jobs", json=ARRAY).json()["ids"] == first["ids"]
        assert len(first["ids"]) == 6
        assert len(http.get("/api/v1/jobs").json()["jobs"]) == 6
