"""The database goes away for a while: what was accepted is done, and recorded once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.base.database import open_database
from shoal.jobs.states import State
from tests.support.house import House
from tests.support.postgres import Cluster
from tests.support.proxy import Proxy, proxy
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
AWAY = 10.0  # seconds


@pytest.fixture
def cable(cluster: Cluster) -> Iterator[Proxy]:
    with proxy(cluster.port) as made:
        yield made


def test_ten_seconds_without_a_database_lose_no_job_and_repeat_none(
    cluster: Cluster, cable: Proxy, tmp_path: Path
) -> None:
    url = cluster.clone()
    database = open_database(url.replace(f":{cluster.port}/", f":{cable.port}/"))
    house = House(database, tmp_path, workers=2)
    house.supervisor.start()
    try:
        spec = {name: str(tmp_path / name) for name in ("running", "go")}
        ids = house.submit("add", {"numbers": [1, 2]}, n=300) + house.submit("wait_for_file", spec)
        wait_until(Path(spec["running"]).exists)
        more = house.submit("add", {"numbers": [1, 2]}, n=300)
        cable.cut()
        gone = time.monotonic()
        Path(spec["go"]).touch()  # It ends while nothing can be recorded.
        wait_until(lambda: house.supervisor.trouble is not None, timeout=AWAY)
        wait_until(lambda: time.monotonic() - gone > AWAY, timeout=AWAY + 5)
        cable.release()
        wait_until(lambda: house.supervisor.trouble is None)
        jobs = house.done([*ids, *more])
        assert {job.state for job in jobs} == {State.SUCCEEDED}
        counted = [[one for one in house.attempts(job.id) if one.state != State.QUEUED] for job in jobs]
        assert {len(attempts) for attempts in counted} == {1}
    finally:
        house.supervisor.stop()
        database.close()
        cluster.drop(url)
