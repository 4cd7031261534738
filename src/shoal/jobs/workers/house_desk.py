"""The desk of a pool in the house itself: what workers ask and tell, done to the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.errors import Conflict, NotFound
from shoal.base.faults import FaultPoint, fault_point
from shoal.jobs import kinds
from shoal.jobs.model import Lease, Order, Outcome, WorkerId
from shoal.jobs.states import State
from shoal.jobs.store import finishing, leasing, progress, tokens
from shoal.jobs.workers.desk import Report, Taken
from shoal.jobs.workers.protocol import Progress

T = TypeVar("T")
LEASE = fault_point("jobs.lease", "Jobs are given to workers.")
START = fault_point("jobs.start", "It is recorded that jobs run.")
FINISH = fault_point("jobs.finish", "The outcomes of jobs are recorded, with what their kinds record.")
RENEW = fault_point("jobs.renew", "Leases are renewed.")
PROGRESS = fault_point("jobs.progress", "The progress of jobs is recorded.")
RETURN = fault_point("jobs.return", "Leases are given back undone.")
EXPIRE = fault_point("jobs.expire", "What ran out of time is ended.")
ASK = fault_point("jobs.ask", "What a running job tells its house is written down.")
ABANDON = fault_point("jobs.abandon", "The leases of a pool that died are taken back.")
_UNDONE = Outcome(State.QUEUED)


@dataclass(frozen=True, slots=True)
class HouseDesk:
    """See `Desk`; `known` are the kinds that may be leased, None for those that this process knows."""

    database: Database
    worker: WorkerId
    labels: Sequence[str] = ()
    resources: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 30.0
    known: Sequence[str] | None = None

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call a function after commits that appended events."""
        return self.database.subscribe(wake)

    def lease(self, n: int, in_use: Mapping[str, float]) -> Future[Taken]:
        """Take up to n jobs of the kinds that this process knows, beside those that use resources now."""
        # Not synced: when the machine dies nobody has the lease, and its loss is what should happen.
        return self._submit(LEASE, lambda conn: self.take(conn, n, in_use), relaxed=True)

    def take(self, conn: Connection, n: int, in_use: Mapping[str, float]) -> Taken:
        """Do what `lease` does in a transaction of the caller."""
        free = {name: amount - in_use.get(name, 0.0) for name, amount in self.resources.items()}
        known = list(kinds.registered()) if self.known is None else self.known
        leases = leasing.lease(conn, self.worker, n, self.labels, free, known, self.seconds)
        is_all = len(leases) < n
        return Taken(leases, is_all, leasing.next_due(conn) if is_all else None)

    def prepare(self, lease: Lease) -> None:
        """Do nothing: workers here read the house's own files."""

    def logged(self, lease: Lease, key: str) -> None:
        """Do nothing: logs here are where they stay."""

    def deliver(self, report: Report) -> None:
        """Do nothing: what workers here write is where it stays."""

    def start(self, tokens: Sequence[str]) -> Future[list[bool]]:
        """Record that attempts run."""
        return self._submit(START, lambda conn: leasing.start_many(conn, tokens), relaxed=True)

    def renew(self, tokens: Sequence[str]) -> Future[list[Order]]:
        """Keep leases alive, say that the pool is there, and return what must stop."""
        return self._submit(
            RENEW, lambda conn: leasing.heartbeat(conn, self.worker, tokens, self.seconds), relaxed=True
        )

    def finish(self, reports: Sequence[Report]) -> Future[None]:
        """Record outcomes and what their kinds record of them, all or none; stale ones are refused."""
        by_record: dict[kinds.Record | None, list[tuple[str, Outcome]]] = {}
        for report in reports:
            record = kinds.get(report.lease.kind).record
            by_record.setdefault(record, []).append((report.lease.token, report.outcome))

        def work(conn: Connection) -> None:
            for record, outcomes in by_record.items():
                finishing.finish_many(conn, outcomes, record)

        return self._submit(FINISH, work, relaxed=all(report.lease.relaxed for report in reports))

    def progress(self, reports: Sequence[Progress]) -> Future[None]:
        """Record how far jobs are."""

        def work(conn: Connection) -> None:
            for one in reports:
                progress.report(conn, one.token, one.done, one.total, one.note)

        return self._submit(PROGRESS, work, relaxed=True)

    def ask(self, lease: Lease, question: Mapping[str, Any]) -> Future[Any]:
        """Let the kind answer in a transaction, if the lease holds."""

        def work(conn: Connection) -> Any:
            job = tokens.held(conn, [lease.token], lock=True).get(lease.token)
            if job is None:
                raise Conflict("The lease is no longer held.", code="stale_lease")
            if (answer := kinds.get(lease.kind).answer) is None:
                raise NotFound(f"A job of the kind {lease.kind} has nothing to ask.")
            return answer(conn, job.id, question)

        return self._submit(ASK, work)

    def give_back(self, tokens: Sequence[str]) -> Future[list[bool]]:
        """Put jobs back into the queue; the attempts do not count."""
        return self._submit(
            RETURN, lambda conn: finishing.finish_many(conn, [(token, _UNDONE) for token in tokens])
        )

    def abandon(self) -> Future[int]:
        """End the attempts of a process that worked under this pool's name before us and is dead."""
        return self._submit(ABANDON, lambda conn: finishing.abandon(conn, worker=self.worker))

    def expire(self) -> Future[int]:
        """End what ran out of time, whoever held it."""
        return self._submit(EXPIRE, finishing.expire, relaxed=True)

    def _submit(
        self, point: FaultPoint, work: Callable[[Connection], T], *, relaxed: bool = False
    ) -> Future[T]:
        return self.database.submit(point, work, relaxed=relaxed)
