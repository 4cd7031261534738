"""Jobs while a disk is full: a program that fills its own folder, and a home without room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.disks import Disk, small_disk
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
ENDS = {"succeeded", "failed", "cancelled", "lost"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", "16m") as made:
        yield made


def submit(client: httpx.Client, cmd: list[str], **more: Any) -> int:
    answer = client.post("/api/v1/jobs", json={"runner": "command", "cmd": cmd, **more})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def job_of(client: httpx.Client, job: int) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/jobs/{job}").json()
    return found


def ended(client: httpx.Client, job: int) -> dict[str, Any]:
    wait_until(lambda: job_of(client, job)["state"] in ENDS, timeout=60)
    return job_of(client, job)


def test_a_program_that_fills_its_folder_fails_alone_and_leaves_room(disk: Disk, tmp_path: Path) -> None:
    scratch = {"scratch": str(disk.path)}
    with running_server(tmp_path / "home", execution=scratch) as served, served.http() as client:
        full = submit(
            client, ["dd", "if=/dev/zero", "of=big", "bs=1M", "count=40"], retry={"max_attempts": 1}
        )
        found = ended(client, full)
        assert found["state"] == "failed"
        assert found["error"]["exit_code"] == 1
        log = client.get(f"/api/v1/jobs/{full}/log").text
        assert "No space left on device" in log
        after = submit(client, ["sh", "-c", "head -c 4000000 /dev/zero > small && wc -c < small"])
        assert ended(client, after)["result"]["stdout"].strip() == "4000000"


def test_a_job_that_ends_while_the_home_is_full_is_recorded_once_when_there_is_room(disk: Disk) -> None:
    with running_server(disk.path / "home") as served, served.http() as client:
        ended(client, submit(client, ["true"]))
        running = submit(client, ["sh", "-c", "sleep 3; echo through"])
        wait_until(lambda: job_of(client, running)["state"] == "running")
        ballast = disk.fill()
        wait_until(
            lambda: (job_of(client, running)["trouble"] or {}).get("code") == "storage_full", timeout=60
        )
        refused = client.post("/api/v1/jobs", json={"runner": "command", "cmd": ["true"]})
        assert refused.status_code == 503
        assert refused.json()["code"] == "storage_full"
        assert job_of(client, running)["state"] not in ENDS
        ballast.unlink()
        found = ended(client, running)
        assert (found["state"], found["result"]["stdout"]) == ("succeeded", "through\n")
        assert len(client.get(f"/api/v1/jobs/{running}/attempts").json()["attempts"]) == 1
        assert ended(client, submit(client, ["true"]))["state"] == "succeeded"
