"""The port behind which jobs are: what a pool of workers asks and tells, wherever it is.

Nothing here waits: every method returns a future, so that one event loop can serve every worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, Protocol

from shoal.jobs.model import Lease, Order, Outcome
from shoal.jobs.workers.protocol import Artifact, Progress


class Report(NamedTuple):
    """How the attempt under a lease ended, and the files that it wrote."""

    lease: Lease
    outcome: Outcome
    artifacts: Sequence[Artifact] = ()


class Taken(NamedTuple):
    """New leases; if they are all there was, also when something next becomes due by itself (µs), if ever."""

    leases: list[Lease]
    is_all: bool
    due: int | None


class Desk(Protocol):
    """Lease, renew, start, finish and give back in the name of one pool of workers.

    What cannot be done now raises `Unavailable` or `Forbidden`, and is asked again. `tests/laws/test_desk.py`
    holds the laws that every form obeys.
    """

    @property
    def seconds(self) -> float:
        """Return how long a lease lasts without being renewed."""

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call a function, in any thread, when there may be work or orders; returns how to stop it."""

    def lease(self, n: int, in_use: Mapping[str, float]) -> Future[Taken]:
        """Take up to n jobs of the kinds that this process knows, beside those that use resources now."""

    def prepare(self, lease: Lease) -> Future[None] | None:
        """Bring what a job reads to where its worker looks for it; None when it is there already."""

    def start(self, tokens: Sequence[str]) -> Future[list[bool]]:
        """Record that attempts run."""

    def renew(self, tokens: Sequence[str]) -> Future[list[Order]]:
        """Keep leases alive, say that the pool is there, and return what must stop."""

    def progress(self, reports: Sequence[Progress]) -> Future[None]:
        """Record how far jobs are."""

    def logged(self, lease: Lease, key: str) -> None:
        """Take note that the log of an attempt, below the folder of logs, has grown."""

    def deliver(self, report: Report) -> Future[Report] | None:
        """Bring what an attempt wrote to where the house looks for it, before it is finished.

        Returns what to finish with, which is a failure when something was refused; None when all is there.
        """

    def finish(self, reports: Sequence[Report]) -> Future[None]:
        """Record outcomes and what their kinds record of them, all or none; stale ones are refused."""

    def ask(self, lease: Lease, question: Mapping[str, Any]) -> Future[Any]:
        """Return what the kind of a job answers to its run (`Kind.answer`), as a durable write.

        The future raises `Conflict` when the lease is no longer held, and what the kind raises.
        """

    def give_back(self, tokens: Sequence[str]) -> Future[list[bool]]:
        """Put jobs back into the queue; the attempts do not count."""

    def abandon(self) -> Future[int]:
        """End the attempts of a process that worked under this pool's name before us and is dead."""

    def expire(self) -> Future[int]:
        """End what ran out of time, whoever held it."""
