"""A law of sharing with real workers: a limit holds at every moment, and owners get their turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from shoal.base.database import Database
from shoal.jobs import waiting
from shoal.jobs.model import NewJob
from shoal.jobs.states import State
from shoal.jobs.store import limits, submission
from tests.support.house import SUBMIT, House

LIMIT, WORKERS = 4, 6
OWNERS = {"first": 90, "second": 60, "third": 50}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    made = House(database, tmp_path, WORKERS)
    yield made
    made.supervisor.stop()


def test_of_200_jobs_of_three_owners_never_more_than_four_are_active_and_all_get_their_turns(
    house: House,
) -> None:
    database = house.database
    database.write(SUBMIT, lambda c: limits.set_limit(c, group="four", n=LIMIT))
    ids = [id_ for owner, n in OWNERS.items() for id_ in submit(database, owner, n)]
    house.supervisor.start()
    ended = waiting.wait(database, ids, timeout=60, guard=house.supervisor.raise_trouble)
    jobs = sorted(ended.values(), key=lambda job: job.result["began"])
    assert {job.state for job in jobs} == {State.SUCCEEDED}
    assert [job.attempts for job in jobs] == [1] * 200
    times = [(job.result["began"], 1) for job in jobs] + [(job.result["ended"], -1) for job in jobs]
    assert max(accumulate(change for _, change in sorted(times))) == LIMIT
    # While all three have jobs, each has a third of the starts, whoever came first.
    for n in (30, 60, 120):
        turns = Counter(job.owner for job in jobs[:n])
        assert max(turns.values()) - min(turns.values()) <= LIMIT, (n, turns)


def submit(database: Database, owner: str, n: int) -> list[int]:
    new = [NewJob("test.pause", {"seconds": 0.01}, group="four")] * n
    return database.write(SUBMIT, lambda c: submission.submit(c, owner, new))
