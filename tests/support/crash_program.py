"""A small program for the crash tests: sums numbers as jobs, and passes every fault point of the core.

It can be begun again after any death: idempotency keys find the jobs of the run before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, insert

from shoal.base.database import Database, open_database
from shoal.base.faults import fault_point
from shoal.jobs import kinds, waiting
from shoal.jobs.model import Dependency, Job, NewJob, Retry
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import cancelling, reading, submission
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations import upgrade
from shoal.storage.files import FileStorage
from tests.support.waiting import wait_until

SUBMIT = fault_point("crash.submit", "The jobs of the crash program are submitted.")
CANCEL = fault_point("crash.cancel", "A job of the crash program is cancelled.")
TABLE = fault_point("crash.table", "The crash program's table is there.")
ITEMS = 8
RETRY = Retry(max_attempts=3, backoff=0.0)
# Without a unique key: what is recorded twice must be seen twice.
sums = Table(
    "crash_sums", MetaData(), Column("job", BigInteger), Column("item", Integer), Column("total", Integer)
)


def record(conn: Connection, job: Job, result: Any) -> None:
    """Record a sum."""
    conn.execute(insert(sums).values(job=job.id, item=job.spec["item"], total=result["total"]))


kinds.register(kinds.Kind("crash.add", "tests.support.crash_work:add", record))
kinds.register(kinds.Kind("crash.wait", "tests.support.crash_work:wait"))


def new_jobs(folder: Path) -> list[NewJob]:
    """Return the jobs: sums, the last of which waits for the first, and one that only a cancel ends."""
    items = [
        NewJob(
            "crash.add",
            {"item": n, "numbers": list(range(n)), "pause": 0.15 if n == 1 else 0.0},
            idempotency_key=f"item-{n}",
            retry=RETRY,
            after=[Dependency(batch=0)] if n == ITEMS - 1 else (),
        )
        for n in range(ITEMS)
    ]
    endless = NewJob(
        "crash.wait",
        {"running": str(folder / "running")},
        idempotency_key="endless",
        retry=RETRY,
        priority=-1,
    )
    return [*items, endless]


def main(folder: Path, url: str) -> None:
    """Do all jobs, and leave nothing undone."""
    database = open_database(url)
    upgrade(database)
    database.write(TABLE, lambda conn: sums.create(conn, checkfirst=True))
    ids = database.write(SUBMIT, lambda conn: submission.submit(conn, "local", new_jobs(folder)))
    supervisor = Supervisor(database, folder / "files", 2, folder / "logs", (), heartbeat=0.2)
    supervisor.start()
    waiting.wait(database, ids[:-1], timeout=50)
    if database.read(lambda conn: reading.get(conn, ids[-1])).state not in ENDS:
        wait_until((folder / "running").exists)
    supervisor.stop()
    _scratch(FileStorage(folder / "files"))
    _cancel(database, ids[-1])
    database.close()


def verify(folder: Path, url: str) -> None:
    """Raise AssertionError unless each item was recorded exactly once and nothing is left undone."""
    database = open_database(url)
    try:
        found = database.read(lambda conn: conn.execute(sums.select().order_by(sums.c.item)).all())
        jobs = database.read(lambda conn: reading.find(conn, limit=1000))
    finally:
        database.close()
    assert [(row.item, row.total) for row in found] == [(n, sum(range(n))) for n in range(ITEMS)]
    assert len(jobs) == ITEMS + 1
    assert {job.state for job in jobs if job.kind == "crash.add"} == {State.SUCCEEDED}
    assert [job.state for job in jobs if job.kind == "crash.wait"] == [State.CANCELLED]
    storage = FileStorage(folder / "files")
    for job in jobs:
        if job.kind == "crash.add":
            with storage.open(job.result["artifact"]) as file:
                assert file.read() == str(job.result["total"]).encode()
    assert not [path for path in (folder / "files").rglob("scratch")]


def _scratch(storage: FileStorage) -> None:
    storage.put("some/scratch", [b"for a moment"])
    storage.delete("some/scratch")


def _cancel(database: Database, id_: int) -> None:
    database.write(CANCEL, lambda conn: cancelling.cancel(conn, [id_]))
