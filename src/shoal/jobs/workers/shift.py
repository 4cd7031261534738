"""A supervisor's work from start to stop, in one event loop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from functools import partial
from time import monotonic

from shoal.base.errors import ShoalError
from shoal.jobs.workers.desk import Desk
from shoal.jobs.workers.dispatcher import Dispatcher, Options
from shoal.jobs.workers.intake import Intake
from shoal.jobs.workers.member import Member
from shoal.jobs.workers.nursery import Nursery
from shoal.jobs.workers.status import Status, WorkerState, WorkerStatus

_LAST_WRITES = 5.0  # seconds to record, at the end, what is not recorded yet


class Shift:
    """Keep workers at work until `stop`; every method but `__init__` runs in the event loop."""

    def __init__(self, desk: Desk, options: Options, nursery: Nursery) -> None:
        self._desk = desk
        self._dispatcher = Dispatcher(desk, options, nursery)
        self._intake = Intake(desk, self._dispatcher)
        self._taken_over = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps outcomes from being recorded or workers from starting; from any thread."""
        return self._dispatcher.ledger.trouble or self._dispatcher.crew.trouble

    async def run(self) -> None:
        """Work until `stop`."""
        loop = asyncio.get_running_loop()
        unsubscribe = self._desk.subscribe(partial(_soon, loop, self._intake))
        self._dispatcher.crew.fill()
        try:
            async with asyncio.TaskGroup() as group:
                works = [
                    group.create_task(self._dispatcher.ledger.serve()),
                    group.create_task(self._take_over()),
                ]
                await self._over.wait()
                for work in works:
                    work.cancel()
        finally:
            unsubscribe()
            await self._dispatcher.crew.close()

    async def drain(self) -> None:
        """Take no more; return when nothing is in hand and everything is recorded.

        What a process before us left is in our hands too, so even who stops at once takes it back first.
        """
        self._dispatcher.is_closing = True
        self._dispatcher.give_back_ahead()
        await self._taken_over.wait()
        await self._intake.answered.wait()
        await self._dispatcher.emptied.wait()
        await self._dispatcher.ledger.emptied()

    async def stop(self, grace: float) -> None:
        """Let running jobs end for so many seconds, give back what remains, and end."""
        try:
            async with asyncio.timeout(grace):
                await self.drain()
        except TimeoutError:
            self._break_off()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WRITES):
                    await self.drain()
        self._over.set()

    async def status(self) -> Status:
        """Return who does what."""
        crew = self._dispatcher.crew
        workers = tuple(_status(member) for member in crew.members)
        return Status(workers, len(self._dispatcher.ahead), crew.fork_server, self.trouble)

    async def _take_over(self) -> None:
        """Take back what a process before us left, then begin."""
        await self._dispatcher.ledger.persist(self._desk.abandon)
        self._taken_over.set()
        async with asyncio.TaskGroup() as intake:
            intake.create_task(self._intake.take_leases())
            intake.create_task(self._intake.ask_for_orders())
            intake.create_task(self._intake.renew())
            intake.create_task(self._intake.watch_for_silence())
            self._intake.wake()

    def _break_off(self) -> None:
        for member in self._dispatcher.crew.members:
            if member.held and member.verdict is None:
                member.verdict = "shutdown"
            member.kill(signal.SIGKILL)


def _soon(loop: asyncio.AbstractEventLoop, intake: Intake) -> None:
    with suppress(RuntimeError):  # The loop has ended between the event and this call.
        loop.call_soon_threadsafe(intake.wake)


def _status(member: Member) -> WorkerStatus:
    if member.held:
        held = member.held[0]
        since = None if held.begun is None else monotonic() - held.begun
        return WorkerStatus(
            member.number, member.pid, _state(member), held.lease.job_id, held.lease.kind, since
        )
    return WorkerStatus(member.number, member.pid, _state(member))


def _state(member: Member) -> WorkerState:
    if not member.ready:
        return "starting"
    if not member.is_fit:
        return "ending"
    return "busy" if member.held else "idle"
