"""A program that is killed whole: five jobs that run until they are let go, and a thousand that wait."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, insert

from shoal.base.database import open_database
from shoal.base.faults import fault_point
from shoal.jobs import kinds, waiting
from shoal.jobs.model import Job, NewJob, Retry
from shoal.jobs.store import submission
from shoal.jobs.workers.context import Context
from shoal.jobs.workers.supervisor import Supervisor
from shoal.migrations import upgrade

SUBMIT = fault_point("crash.survival", "The jobs that are to survive are submitted.")
WAITING, RUNNING = 1000, 5
# Without a unique key: what is recorded twice must be seen twice.
done = Table("survivors", MetaData(), Column("job", BigInteger), Column("item", Integer))


def record(conn: Connection, job: Job, result: Any) -> None:
    """Record that an item was done."""
    conn.execute(insert(done).values(job=job.id, item=result["item"]))


def add(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Return the item; one that is held first keeps its token, and waits until it is let go."""
    if (held := spec.get("held")) is not None:
        Path(held, f"token-{spec['item']}-{context.attempt}").write_text(context.token)
        while not Path(held, "go").exists():
            time.sleep(0.005)
    return {"item": spec["item"]}


kinds.register(kinds.Kind("survival.add", "tests.support.survival_program:add", record))


def main(folder: Path, url: str) -> None:
    """Do all jobs."""
    database = open_database(url)
    upgrade(database)
    ids = database.write(SUBMIT, lambda conn: _submit(conn, folder))
    supervisor = Supervisor(database, folder / "files", RUNNING, folder / "logs", (), heartbeat=0.2)
    supervisor.start()
    waiting.wait(database, ids, timeout=50)
    supervisor.stop()
    database.close()


def _submit(conn: Connection, folder: Path) -> list[int]:
    done.create(conn, checkfirst=True)
    retry = Retry(max_attempts=3, backoff=0.0)
    new = [
        NewJob(
            "survival.add",
            {"item": n, "held": str(folder)} if n < RUNNING else {"item": n},
            priority=10 if n < RUNNING else 0,
            idempotency_key=f"item-{n}",
            retry=retry,
        )
        for n in range(RUNNING + WAITING)
    ]
    return submission.submit(conn, "local", new)
