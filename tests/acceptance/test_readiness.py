"""Whatever room of a server does not work, /readyz names it, and says so no longer when it is mended."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from shoal.client import Client
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.live.office.loop import OwnLoop, Ready
from tests.support.disks import Disk, small_disk
from tests.support.infra_store import a_bundle
from tests.support.server import Served, running_server
from tests.support.waiting import wait_until

QUICK = {"interval": 0.2, "missing": 1.0}
SOON = 60.0


def readiness(http: httpx.Client) -> Mapping[str, Any]:
    answer = http.get("/readyz")
    found: Mapping[str, Any] = answer.json()
    assert (answer.status_code == 200) is (found["status"] == "ok")
    return found


def is_ready(http: httpx.Client) -> bool:
    return bool(readiness(http)["status"] == "ok")


def faulty(http: httpx.Client) -> dict[str, str]:
    """Return what is wrong, by the names of what does not work."""
    return {name: said for name, said in readiness(http)["checks"].items() if said != "ok"}


def begun(served: Served) -> str:
    """Have something at work in every room; return the infrastructure."""
    with Client(served.url) as client:
        infra = client.infra.build(a_bundle()).wait(timeout=SOON)
        assert infra.phase == "ready"
        return str(infra.id)


def renamed(home: Path, table: str, to: str) -> None:
    with closing(sqlite3.connect(home / "shoal.db", timeout=30)) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO {to}")


def test_a_keeper_that_fails_again_and_again_is_no_ready_server(tmp_path: Path) -> None:
    with running_server(tmp_path / "home", infra=QUICK) as served, served.http() as http:
        infra = begun(served)
        wait_until(lambda: is_ready(http), timeout=SOON, on_timeout=lambda: readiness(http))
        renamed(served.home, "infra_infrastructures", "gone")
        Cloud(served.home / "infra" / infra).befall(victim(served, infra), "vanishes")
        wait_until(
            lambda: "keeper of infrastructures" in faulty(http).get("infra", ""),
            timeout=SOON,
            on_timeout=served.log,
        )
        assert not {*faulty(http)} - {"infra"}
        renamed(served.home, "gone", "infra_infrastructures")
        wait_until(lambda: is_ready(http), timeout=SOON, on_timeout=lambda: readiness(http))


def victim(served: Served, infra: str) -> str:
    return Cloud(served.home / "infra" / infra).there()[0].instance


@pytest.mark.parametrize("removed", [False, True])
def test_a_keeper_that_somebody_ends_begins_again(tmp_path: Path, removed: bool) -> None:
    with running_server(tmp_path / "home", infra=QUICK) as served, served.http() as http:
        infra = begun(served)
        (keeper,) = http.get("/api/v1/jobs", params={"kind": "infra.keeper"}).json()["jobs"]
        address = f"/api/v1/jobs/{keeper['id']}"
        assert http.post(f"{address}/cancel").is_success
        wait_until(lambda: http.get(address).json()["state"] == "cancelled", timeout=SOON)
        assert not removed or http.delete(address).is_success
        assert is_ready(http)
        lost = victim(served, infra)
        Cloud(served.home / "infra" / infra).befall(lost, "dies")
        wait_until(lambda: victim(served, infra) != lost, timeout=SOON, on_timeout=served.log)


@pytest.mark.slow
@pytest.mark.real
def test_on_a_full_disk_every_room_says_so(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "48m") as disk,
        running_server(disk.path / "home", infra=QUICK) as served,
        served.http() as http,
    ):
        begun(served)
        with Client(served.url) as client:
            client.live.play("walks", "kmeans", k=2, iter=5).push(np.arange(20.0).reshape(10, 2))
        wait_until(lambda: is_ready(http), timeout=SOON, on_timeout=lambda: readiness(http))
        filled(disk, http)
        assert all("disk is full" in said for said in faulty(http).values())
        assert http.get("/app").status_code == 200
        (disk.path / "ballast").unlink()
        wait_until(lambda: is_ready(http), timeout=SOON, on_timeout=lambda: readiness(http))


def filled(disk: Disk, http: httpx.Client) -> None:
    disk.fill()
    rooms = {"workers", "live", "infra"}
    wait_until(lambda: rooms <= {*faulty(http)}, timeout=SOON, on_timeout=lambda: readiness(http))


def test_an_event_loop_that_ends_by_an_error_tells_which() -> None:
    async def main(ready: Ready) -> None:
        ready()
        await asyncio.sleep(0)
        raise OSError("no more of it")

    loop = OwnLoop(main)
    loop.start()
    wait_until(lambda: loop.failure is not None)
    assert "no more of it" in str(loop.failure)
    loop.close()
