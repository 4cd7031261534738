"""The desk of a pool on another machine: what workers ask and tell, over HTTPS.

What cannot be said now is said again by who asked (`Ledger.persist`), or here, for as long as somebody
wants it. Once the server wants nothing of this node any more, `over` says why, and all answers are empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from shoal.base import clock
from shoal.base.errors import Conflict, ShoalError, Unauthenticated, Unavailable
from shoal.jobs.model import Lease, Order
from shoal.jobs.nodes.courier import Courier
from shoal.jobs.nodes.encoding import lease_from_json, outcome_as_json
from shoal.jobs.nodes.hands import Hands, done
from shoal.jobs.nodes.holding import Hold, Holding
from shoal.jobs.nodes.inputs import Input, InputCache
from shoal.jobs.nodes.line import Line
from shoal.jobs.nodes.listening import Listener, Shipper
from shoal.jobs.nodes.patience import Patience
from shoal.jobs.states import State
from shoal.jobs.workers import verdicts
from shoal.jobs.workers.desk import Report, Taken
from shoal.jobs.workers.protocol import Progress

T = TypeVar("T")
LEASE_SECONDS = 60.0
# After these the server wants nothing of this node any more.
_ENDS = frozenset({"node_replaced", "node_version", "untrusted_certificate"})


class NodeDesk:
    """See `Desk`; `close` ends what is under way."""

    def __init__(
        self,
        line: Line,
        files: Path,
        log_folder: Path,
        *,
        seconds: float = LEASE_SECONDS,
        on_over: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare for a line whose node has joined.

        Args:
            line: to the server, with the token of the session.
            files: where workers look for what they read, and write.
            log_folder: where attempts' logs grow.
            seconds: how long leases last without being renewed.
            on_over: called once, in any thread, when the server does not want this node any more.
        """
        self.over: ShoalError | None = None
        self._seconds = seconds
        self._line = line
        self._on_over = on_over
        self._turn = 0
        self._holding = Holding()
        self._cache = InputCache(line, files)
        self._courier = Courier(line, self._cache.files, log_folder)
        self._calls = Hands("shoal-call", 8)
        self._fetching = Hands("shoal-fetch", 4)
        self._delivering = Hands("shoal-deliver", 4)
        self._shipper = Shipper(self._courier.send_log, lambda token: self._holding.get(token) is not None)

    @property
    def seconds(self) -> float:
        """Return how long a lease lasts without being renewed."""
        return self._seconds

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call a function, in a thread of its own, when there may be work or orders."""
        return Listener(self._line, self._holding.unordered, wake, self._is_end).stop

    def lease(self, n: int, in_use: Mapping[str, float]) -> Future[Taken]:
        """Take up to n jobs; a lease whose answer got lost is found again by what is not in `have`."""
        self._turn += 1
        asked = {
            "n": n,
            "in_use": in_use,
            "seconds": self._seconds,
            "turn": self._turn,
            "have": self._holding.tokens(),
        }
        return self._ask("lease", asked, self._taken, Taken([], True, None))

    def prepare(self, lease: Lease) -> Future[None] | None:
        """Fetch what a job reads; None when it is here already."""
        hold = self._holding.get(lease.token)
        if hold is None:
            return None
        self._cache.keep(hold.beginnings)
        if not self._cache.lacks(hold.inputs):
            return None
        patience = Patience(hold.over)
        return self._fetching.do(lambda: self._cache.fetch(lease.token, hold.inputs, patience))

    def start(self, tokens: Sequence[str]) -> Future[list[bool]]:
        """Record that attempts run."""
        return self._ask("start", {"tokens": tokens}, lambda answer: list(answer["held"]), [])

    def renew(self, tokens: Sequence[str]) -> Future[list[Order]]:
        """Keep leases alive and return what must stop; that the node is there is said by its listening."""
        if not tokens:
            return done([])
        return self._ask("renew", {"tokens": tokens, "seconds": self._seconds}, self._orders, [])

    def progress(self, reports: Sequence[Progress]) -> Future[None]:
        """Record how far jobs are."""
        told = [
            {"token": one.token, "done": one.done, "total": one.total, "note": one.note} for one in reports
        ]
        return self._ask("progress", {"reports": told}, lambda _: None, None)

    def logged(self, lease: Lease, key: str) -> None:
        """Send a log that has grown, soon."""
        self._shipper.add(lease.token, key)

    def deliver(self, report: Report) -> Future[Report] | None:
        """Send the log and the artifacts of an attempt; None when there are none."""
        hold = self._holding.get(report.lease.token)
        if hold is None or not (report.artifacts or self._courier.has_log(report.lease)):
            return None
        return self._delivering.do(lambda: self._delivered(report, Patience(hold.over)))

    def finish(self, reports: Sequence[Report]) -> Future[None]:
        """Record outcomes, all or none."""
        told = [{"token": one.lease.token, "outcome": outcome_as_json(one.outcome)} for one in reports]
        tokens = [one.lease.token for one in reports]

        def recorded(_: dict[str, Any]) -> None:
            self._settle(tokens)

        return self._ask("finish", {"reports": told}, recorded, None)

    def ask(self, lease: Lease, question: Mapping[str, Any]) -> Future[Any]:
        """Refuse: a node is not told what only the house may know."""
        refused: Future[Any] = Future()
        refused.set_exception(Conflict("A job on a node cannot ask the house.", job=lease.job_id))
        return refused

    def give_back(self, tokens: Sequence[str]) -> Future[list[bool]]:
        """Put jobs back into the queue."""

        def returned(answer: dict[str, Any]) -> list[bool]:
            for hold in self._settle(tokens):
                self._courier.forget(hold.lease)
            return list(answer["held"])

        return self._ask("return", {"tokens": tokens}, returned, [])

    def abandon(self) -> Future[int]:
        """Do nothing: who joins has nothing any more that was its before."""
        return done(0)

    def expire(self) -> Future[int]:
        """Do nothing: the server does that for everybody."""
        return done(0)

    def close(self) -> None:
        """End what is under way."""
        self._holding.let_go()
        self._shipper.stop()

    def _ask(
        self, what: str, given: Mapping[str, Any], read: Callable[[dict[str, Any]], T], nothing: T
    ) -> Future[T]:
        def act() -> T:
            if self.over is not None:
                return nothing
            try:
                return read(self._line.ask(what, given))
            except ShoalError as error:
                if not self._is_end(error):
                    raise
                return nothing

        return self._calls.do(act)

    def _is_end(self, error: ShoalError) -> bool:
        if self.over is None and (isinstance(error, Unauthenticated) or error.error_code in _ENDS):
            self.over = error
            self._holding.let_go()
            self._on_over()
        return self.over is not None

    def _taken(self, answer: dict[str, Any]) -> Taken:
        now = clock.now()
        skew, leases = now - answer["now"], []
        for told in answer["leases"]:
            lease = lease_from_json(told["lease"], skew)
            self._holding.add(Hold(lease, [Input(one["key"], one["tag"]) for one in told["inputs"]]))
            leases.append(lease)
        due = answer["due_in"]
        return Taken(leases, answer["is_all"], None if due is None else now + due)

    def _orders(self, answer: dict[str, Any]) -> list[Order]:
        orders = [Order(one["token"], one["reason"]) for one in answer["orders"]]
        for order in orders:
            self._holding.order(order.token, is_stale=order.reason == "stale")
        return orders

    def _settle(self, tokens: Sequence[str]) -> list[Hold]:
        settled = self._holding.settle(tokens)
        for hold in settled:
            self._cache.release(hold.beginnings)
        return settled

    def _delivered(self, report: Report, patience: Patience) -> Report:
        try:
            self._courier.send_all(report.lease, report.artifacts, patience)
        except ShoalError as error:
            is_stale = isinstance(error, Unavailable) or error.error_code == "stale_attempt"
            if not (self._is_end(error) or is_stale) and report.outcome.state is State.SUCCEEDED:
                return report._replace(outcome=verdicts.of_failed_record(report.outcome, error))
        finally:
            self._courier.forget(report.lease)
        return report
