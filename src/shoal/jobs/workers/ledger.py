"""What has to be written down, in batches, again and again until the database takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import TypeVar

from shoal.base.errors import Forbidden, ShoalError, Unavailable
from shoal.jobs.states import State
from shoal.jobs.workers import verdicts
from shoal.jobs.workers.desk import Desk, Report
from shoal.jobs.workers.member import Held
from shoal.jobs.workers.outbox import Outbox
from shoal.jobs.workers.protocol import Progress

T = TypeVar("T")
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 5.0
_A_MOMENT = 0.02  # A job that ends within this needs no record that it runs.


class Ledger:
    """Write outcomes, beginnings, progress and returned leases; lives in one event loop."""

    def __init__(self, desk: Desk) -> None:
        self._troubles: dict[object, ShoalError] = {}
        self.ended = Outbox(self._finish)
        self.returned = Outbox(self._give_back)
        self.begun = Outbox(self._start, pause=_A_MOMENT)
        self.progress = Outbox(self._report, pause=0.05)
        self._desk = desk
        self._unsettled: set[str] = set()
        self._delivered: set[asyncio.Future[Report]] = set()

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps a write from being done now, if anything; may be called from any thread."""
        return next(iter(self._troubles.copy().values()), None)

    @property
    def unsettled(self) -> Collection[str]:
        """Return the tokens of attempts that have ended, but whose outcome is not recorded yet."""
        return self._unsettled

    def end(self, report: Report) -> None:
        """Bring what an attempt wrote to the house, then record its outcome."""
        self._unsettled.add(report.lease.token)
        if (sent := self._desk.deliver(report)) is None:
            return self.ended.add(report)
        delivered = asyncio.wrap_future(sent)
        self._delivered.add(delivered)
        delivered.add_done_callback(self._record)

    async def serve(self) -> None:
        """Write for ever."""
        async with asyncio.TaskGroup() as tasks:
            for outbox in (self.ended, self.returned, self.begun, self.progress):
                tasks.create_task(outbox.serve())

    async def emptied(self) -> None:
        """Wait until every outcome and returned lease is written."""
        while self._delivered:
            await asyncio.wait(self._delivered)
        await self.ended.emptied()
        await self.returned.emptied()

    async def persist(self, submit: Callable[[], Future[T]]) -> T:
        """Do something to the database, and again while it is full, read-only or away (see `trouble`)."""
        delay, me = _FIRST_DELAY, object()
        try:
            while True:
                try:
                    return await asyncio.wrap_future(submit())
                except (Unavailable, Forbidden) as error:
                    self._troubles[me] = error
                    await asyncio.sleep(delay)
                    delay = min(_LONGEST_DELAY, delay * 2)
        finally:
            self._troubles.pop(me, None)

    def _record(self, delivered: asyncio.Future[Report]) -> None:
        self._delivered.discard(delivered)
        if not delivered.cancelled():
            self.ended.add(delivered.result())

    async def _finish(self, reports: list[Report]) -> None:
        try:
            await self.persist(lambda: self._desk.finish(reports))
            self._unsettled.difference_update(report.lease.token for report in reports)
        except Exception as error:
            if len(reports) > 1:
                for report in reports:
                    await self._finish([report])
            elif reports[0].outcome.state is State.SUCCEEDED:
                failed = verdicts.of_failed_record(reports[0].outcome, error)
                await self._finish([Report(reports[0].lease, failed)])
            else:
                raise

    async def _give_back(self, tokens: list[str]) -> None:
        await self.persist(lambda: self._desk.give_back(tokens))

    async def _start(self, begun: list[Held]) -> None:
        if tokens := [held.lease.token for held in begun if not held.is_over]:
            await self.persist(lambda: self._desk.start(tokens))

    async def _report(self, progress: list[Progress]) -> None:
        newest = {one.token: one for one in progress}
        await self.persist(lambda: self._desk.progress(list(newest.values())))
