"""Laws of waking, with real workers that sleep: what lets jobs go on is noticed at once, without polling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from shoal.base import clock, events
from shoal.base.database import Database
from shoal.base.transaction import now
from shoal.jobs.model import NewJob
from shoal.jobs.schedules import keeping, kinds, ticking
from shoal.jobs.states import Reason
from shoal.jobs.store import limits, reading, registry, submission
from shoal.jobs.store.tables import jobs
from tests.support.house import OWNER, SUBMIT, House
from tests.support.waiting import wait_until


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    before = list(ticking._submit)
    kinds.register_kinds(
        lambda conn, owner, template: submission.submit(conn, owner, [NewJob(template["runner"])])
    )
    made = House(database, tmp_path, 1, labels=["house"])
    made.supervisor.start()
    yield made
    made.supervisor.stop()
    ticking._submit[:] = before


def worker_of(house: House) -> str:
    (worker,) = house.database.read(lambda c: registry.present(c, 0))
    return worker.name


def test_what_stops_jobs_and_is_lifted_lets_them_go_on(house: House) -> None:
    """The reason for which the job waits is there before, and nothing but the lifting wakes anybody."""
    house.run("add", {"numbers": [1]})
    name = worker_of(house)
    stops: dict[Reason, tuple[Callable[[Connection], None], Callable[[Connection], None]]] = {
        Reason.LIMIT: (
            lambda c: limits.set_limit(c, kind="test.add", n=0),
            lambda c: limits.set_limit(c, kind="test.add", n=None),
        ),
        Reason.RATE: (lambda c: limits.set_rate(c, OWNER, 0), lambda c: limits.set_rate(c, OWNER, None)),
        Reason.DRAIN: (lambda c: registry.drain(c, name, True), lambda c: registry.drain(c, name, False)),
    }
    for reason, (stop, lift) in stops.items():
        house.database.write(SUBMIT, stop)
        (job,) = house.submit("add", {"numbers": [1]})
        assert house.job(job).reason is reason
        house.database.write(SUBMIT, lift)
        assert house.done([job])[0].attempts == 1


def test_a_schedule_comes_true_by_itself(house: House) -> None:
    template = {"runner": "test.nothing"}
    create = partial(keeping.create, owner="me", cron="0 0 1 1 *", template=template)
    schedule = house.database.write(SUBMIT, lambda c: create(c))

    def soon(conn: Connection) -> None:
        due = now(conn) + clock.SECOND // 5
        conn.execute(update(jobs).where(jobs.c.id == schedule.tick).values(due=due))
        events.append(conn, "tests", "soon", "changed", {})

    house.database.write(SUBMIT, soon)
    read = house.database.read
    wait_until(lambda: read(lambda c: keeping.get(c, schedule.id)).runs == 1)
    after = read(lambda c: keeping.get(c, schedule.id))
    house.done(after.last_jobs)
    assert [job.kind for job in read(lambda c: reading.find(c, owners=["me"]))] == ["test.nothing"]
    assert after.next == schedule.next
