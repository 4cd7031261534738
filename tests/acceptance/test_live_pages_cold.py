"""The first minutes of a machine: kernels are being compiled, and pages of live tasks say so."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.support.server import running_server
from tests.support.waiting import wait_until

COMPILING = re.compile(r"Compiling, once on this machine, what finds clusters: ready in about (\d+) s\.")


def seconds(http: httpx.Client, path: str) -> int:
    """Return how long a page says that it takes; 0 when it does not."""
    said = COMPILING.search(http.get(path).text)
    return int(said[1]) if said else 0


@pytest.mark.slow  # A server that compiles is slow, also to stop.
def test_pages_say_how_long_compiling_takes_and_rows_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOAL_CACHE_DIR", str(tmp_path / "cache"))
    with running_server(tmp_path / "home") as served, served.http(headers={"Accept": "text/html"}) as http:
        task = http.post("/api/v1/live?then=play", json={"columns": ["x"]}).json()["id"]
        assert http.post(f"/api/v1/live/{task}/rows", json=[[1], [2], [3]]).status_code == 200
        assert 10 <= wait_until(lambda: seconds(http, f"/app/live/{task}")) <= 200
        assert 10 <= seconds(http, "/app/live") <= 200
        assert "data-compiling" in http.get(f"/app/live/{task}/part/now").text
