"""The job store in short words, each one transaction, for laws that read like stories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.faults import fault_point
from shoal.jobs.model import Attempt, Job, Lease, NewJob, Outcome, WorkerId
from shoal.jobs.states import State
from shoal.jobs.store import cancelling, finishing, leasing, reading, rerunning, submission

T = TypeVar("T")
STORED = fault_point("tests.store", "A test writes to the job store.")
ALICE = WorkerId("alice", "here")
BOB = WorkerId("bob", "there")


class Store:
    """A database with jobs in it, all of one owner unless said otherwise."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.database.write(STORED, work)

    def submit(self, *new: NewJob, owner: str = "me") -> list[int]:
        return self.write(lambda c: submission.submit(c, owner, new))

    def submit_one(self, kind: str = "sum", owner: str = "me", **fields: Any) -> int:
        return self.submit(NewJob(kind, **fields), owner=owner)[0]

    def lease(self, n: int = 1, worker: WorkerId = ALICE, **offer: Any) -> list[Lease]:
        return self.write(lambda c: leasing.lease(c, worker, n, **offer))

    def lease_one(self, worker: WorkerId = ALICE, **offer: Any) -> Lease:
        (lease,) = self.lease(1, worker, **offer)
        return lease

    def start(self, lease: Lease) -> bool:
        return self.write(lambda c: leasing.start(c, lease.token))

    def finish(self, lease: Lease, outcome: Outcome) -> bool:
        return self.write(lambda c: finishing.finish(c, lease.token, outcome))

    def succeed(self, lease: Lease, result: Any = None) -> bool:
        return self.finish(lease, Outcome(State.SUCCEEDED, result=result))

    def fail(self, lease: Lease, kind: str = "error", message: str = "it broke", **more: Any) -> bool:
        error = {"kind": kind, "message": message, **more}
        return self.finish(lease, Outcome(State.FAILED, error=error))

    def expire(self) -> int:
        return self.write(finishing.expire)

    def cancel(self, *ids: int) -> list[int]:
        return self.write(lambda c: cancelling.cancel(c, ids))

    def rerun(self, *ids: int) -> list[int]:
        return self.write(lambda c: rerunning.rerun(c, ids))

    def job(self, id_: int) -> Job:
        return self.database.read(lambda c: reading.get(c, id_))

    def state(self, id_: int) -> State:
        return self.job(id_).state

    def attempts(self, id_: int) -> list[Attempt]:
        return self.database.read(lambda c: reading.attempts_of(c, id_))

    def find(self, **filters: Any) -> Sequence[Job]:
        return self.database.read(lambda c: reading.find(c, **filters))
