"""A database, a supervisor and short ways to speak of jobs, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.jobs import kinds, waiting
from shoal.jobs.model import Attempt, Job, NewJob, Retry
from shoal.jobs.states import State
from shoal.jobs.store import reading, submission
from shoal.jobs.workers.supervisor import Supervisor

SUBMIT = fault_point("tests.submit", "Jobs of a test are submitted.")
AT_ONCE = Retry(max_attempts=3, on=("error", "timeout", "lost"), backoff=0.0)
OWNER = "local"


def register_kinds() -> None:
    """Register every function of `tests.support.work` as the kind test.NAME."""
    from tests.support import work

    for name, value in vars(work).items():
        if getattr(value, "__module__", None) == work.__name__ and not name.startswith("_"):
            record = refuse_negative if name == "recorded" else None
            inputs = key_of if name == "read" else None
            answer = double if name == "curious" else None
            kinds.register(
                kinds.Kind(f"test.{name}", f"{work.__name__}:{name}", record, inputs=inputs, answer=answer)
            )


def key_of(spec: Mapping[str, Any]) -> list[str]:
    """Return what a reading job reads."""
    return [spec["key"]]


def refuse_negative(conn: Connection, job: Job, result: Any) -> None:
    """Record nothing, and refuse a negative sum."""
    if result["sum"] < 0:
        raise ValueError("a negative sum")


def double(conn: Connection, job: int, question: Mapping[str, Any]) -> dict[str, int]:
    """Answer with twice the number, and refuse a negative one."""
    if question["n"] < 0:
        raise Conflict("a negative number", hint="Ask for another.")
    return {"job": job, "twice": 2 * int(question["n"])}


class House:
    """A database and one supervisor of it."""

    def __init__(self, database: Database, root: Path, workers: int = 2, **options: Any) -> None:
        register_kinds()
        self.database = database
        self.logs = root / "logs"
        self.supervisor = Supervisor(database, root / "files", workers, self.logs, (), **options)

    def submit(self, kind: str, spec: Mapping[str, Any] | None = None, n: int = 1, **job: Any) -> list[int]:
        new = [NewJob(f"test.{kind}", spec or {}, **({"retry": AT_ONCE} | job)) for _ in range(n)]
        return self.database.write(SUBMIT, lambda conn: submission.submit(conn, OWNER, new))

    def done(self, ids: list[int]) -> list[Job]:
        """Wait for jobs to end and return them in order."""
        ended = waiting.wait(self.database, ids, timeout=60, guard=self.supervisor.raise_trouble)
        return [ended[id_] for id_ in ids]

    def run(self, kind: str, spec: Mapping[str, Any] | None = None, **job: Any) -> Job:
        return self.done(self.submit(kind, spec, **job))[0]

    def job(self, id_: int) -> Job:
        return self.database.read(lambda conn: reading.get(conn, id_))

    def attempts(self, id_: int) -> list[Attempt]:
        return self.database.read(lambda conn: reading.attempts_of(conn, id_))

    def state(self, id_: int) -> State:
        return self.job(id_).state

    def pids(self) -> list[int]:
        return [worker.pid for worker in self.supervisor.status().workers if worker.pid is not None]
