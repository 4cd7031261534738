"""A house whose one worker runs containers, and short ways to speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from shoal.base.database import Database, open_database
from shoal.jobs import logs
from shoal.jobs.containers.finding import ENGINE
from shoal.jobs.model import Job, NewJob, Retry
from shoal.jobs.runners.kinds import register_kinds
from shoal.jobs.store import cancelling, submission
from shoal.migrations import upgrade
from tests.support.house import SUBMIT, House
from tests.support.waiting import wait_until

ONCE = Retry(max_attempts=1)


@contextmanager
def working(address: str, root: Path) -> Iterator[House]:
    """Give a house with one worker that speaks with the engine at an address."""
    register_kinds()
    database = open_database(f"sqlite:///{root / 'shoal.db'}")
    upgrade(database)
    house = House(database, root, 1, terms={ENGINE: address, "nest": str(root / "nest")})
    house.supervisor.start()
    try:
        yield house
    finally:
        house.supervisor.stop()
        database.close()


def submit(database: Database, retry: Retry = ONCE, timeout: float | None = None, **spec: Any) -> int:
    job = NewJob("container", {"image": "ubuntu"} | spec, retry=retry, timeout=timeout)
    return database.write(SUBMIT, lambda conn: submission.submit(conn, "local", [job]))[0]


def run(house: House, script: str, **options: Any) -> Job:
    """Run a shell script in a container and wait for its end."""
    return house.done([submit(house.database, cmd=["sh", "-c", script], **options)])[0]


def written(house: House, job: int) -> bytes:
    """Return what a job has written so far."""
    attempt = house.attempts(job)[-1]
    return logs.read(house.logs, logs.log_key(attempt.job, attempt.generation, attempt.number)).content


def begun(house: House, script: str, **options: Any) -> int:
    """Start a script that says `up`, and return its job when it has."""
    job = submit(house.database, cmd=["sh", "-c", f"echo up; {script}"], **options)
    wait_until(lambda: house.attempts(job) and b"up" in written(house, job), timeout=60)
    return job


def worker_of(house: House) -> psutil.Process:
    wait_until(lambda: len(house.pids()) == 1)
    return psutil.Process(house.pids()[0])


def cancel(house: House, job: int) -> Job:
    house.database.write(SUBMIT, lambda conn: cancelling.cancel(conn, [job]))
    return house.done([job])[0]
