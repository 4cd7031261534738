"""A real server in a home of its own, for as long as an experiment lasts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks.brokers import free_port

PATIENCE = 120.0


@contextmanager
def server(*, workers: int, **settings: str) -> Iterator[httpx.Client]:
    """Yield a client of a server; settings are named as in the environment, without the prefix."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="shoal-bench-") as folder:
        own = {f"SHOAL_{name.upper()}": value for name, value in settings.items()}
        words = [
            "serve",
            "--home",
            f"{folder}/home",
            "--listen",
            f"127.0.0.1:{port}",
            "--workers",
            str(workers),
        ]
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("shoal")), *words],
            env={name: value for name, value in os.environ.items() if not name.startswith("SHOAL_")} | own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False
            ) as client:
                _wait_for(client)
                yield client
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)


def _wait_for(client: httpx.Client) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if client.get("/readyz").status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError("the server did not start")


def submit(client: httpx.Client, request: dict[str, Any]) -> list[int]:
    """Post a job request and return the ids of its jobs, the whole first; raises HTTPStatusError."""
    answer = client.post("/api/v1/jobs", json=request).raise_for_status().json()
    return [answer["id"], *(id_ for id_ in answer.get("ids", []) if id_ != answer["id"])]


def wait(client: httpx.Client, ids: Sequence[int]) -> None:
    """Return when all jobs have succeeded; raises AssertionError when one has not."""
    for id_ in ids:
        job = {"state": ""}
        while job["state"] not in {"succeeded", "failed", "cancelled", "lost"}:
            job = client.get(f"/api/v1/jobs/{id_}", params={"wait": 30}).raise_for_status().json()
        if job["state"] != "succeeded":
            raise AssertionError(f"job {id_} {job['state']}: {job}")
