"""What a schedule holds is looked at anew each time: settings may have changed since it was made."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from shoal.base.faults import fault_point
from shoal.base.settings import Execution, Settings
from shoal.jobs.schedules import keeping, ticking
from shoal.jobs.schedules.schedule import Schedule
from shoal.jobs.store import reading
from shoal.server.house import House

TICK = fault_point("tests.tick", "A test lets a schedule come true.")
TEMPLATE = {"runner": "command", "cmd": ["true"], "extra": {"why": "nightly"}}


def come_true(conn: Connection) -> Schedule:
    """Make a schedule and let its time have come."""
    schedule = keeping.create(conn, "local", cron="0 0 1 1 *", template=TEMPLATE)
    assert schedule.tick is not None
    ticking.record(conn, reading.get(conn, schedule.tick), None)
    return keeping.get(conn, schedule.id)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_schedule_submits_what_the_settings_allow_now(tmp_path: Path, allowed: bool) -> None:
    settings = Settings(home=tmp_path / "home", execution=Execution(commands=allowed))
    with House(settings) as house:
        schedule = house.database.write(TICK, come_true)
        jobs = house.database.read(lambda c: reading.find(c, kinds=["command"]))
    assert [(job.extra["why"], job.extra["schedule"]) for job in jobs] == [("nightly", schedule.id)] * allowed
    assert [job.id for job in jobs] == schedule.last_jobs
    assert ("execution.commands" in schedule.error) is not allowed
