"""When to ask the database for work, and what to ask about the work in hand."""

from __future__ import annotations

import asyncio
from time import monotonic

from shoal.base import clock
from shoal.jobs.workers.desk import Desk
from shoal.jobs.workers.dispatcher import Dispatcher

_YOUNG = 0.05  # seconds for which nobody asks whether a lease was cancelled
_SHORTEST_SLEEP, _LONGEST_SLEEP = 0.02, 3600.0


class Intake:
    """Take leases when there is room and reason to believe that there is work."""

    def __init__(self, desk: Desk, dispatcher: Dispatcher) -> None:
        self.answered = asyncio.Event()
        self.answered.set()
        self._desk = desk
        self._dispatcher = dispatcher
        self._persist = dispatcher.ledger.persist
        self._may_find = True
        self._ask_about_orders = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._is_time_up = False

    def wake(self) -> None:
        """Look for work and for orders: something happened in the database, or a time has come."""
        self._may_find = True
        self._dispatcher.changed.set()
        self._ask_about_orders.set()

    async def take_leases(self) -> None:
        """Take leases for ever."""
        changed = self._dispatcher.changed
        while True:
            await changed.wait()
            changed.clear()
            if self._is_time_up:
                self._is_time_up = False
                await self._persist(self._desk.expire)
            while self._may_find and (n := self._dispatcher.room()) > 0:
                await self._ask_for(n)

    async def ask_for_orders(self) -> None:
        """Ask what must stop, soon after each event, for ever."""
        while True:
            await self._ask_about_orders.wait()
            self._ask_about_orders.clear()
            await asyncio.sleep(_YOUNG)
            before = monotonic() - _YOUNG
            held = self._dispatcher.held
            if len(old := [token for token, one in held.items() if one.taken < before]) < len(held):
                self._ask_about_orders.set()
            if old:
                await self._renew(old)

    async def renew(self) -> None:
        """Renew what is held and end what ran out, three times in a lease's life, for ever."""
        while True:
            await self._renew([*self._dispatcher.held, *self._dispatcher.ledger.unsettled])
            await self._persist(self._desk.expire)
            await asyncio.sleep(self._desk.seconds / 3)

    async def watch_for_silence(self) -> None:
        """Kill workers that give no sign of life, for ever."""
        options = self._dispatcher.options
        while True:
            asleep = monotonic()
            await asyncio.sleep(options.heartbeat)
            if monotonic() - asleep > 2 * options.heartbeat + 1.0:
                continue  # We were stopped or starved ourselves; hear first what came meanwhile.
            for member in list(self._dispatcher.crew.members):
                if member.ready and monotonic() - member.heard > options.hung_after:
                    self._dispatcher.kill(member, "hung")

    async def _ask_for(self, n: int) -> None:
        self._may_find = False
        self.answered.clear()
        taken = await self._persist(lambda: self._desk.lease(n, self._dispatcher.in_use()))
        if taken.is_all:
            self._set_alarm(taken.due)
        else:
            self._may_find = True
        self._dispatcher.take(taken.leases)
        self.answered.set()

    async def _renew(self, tokens: list[str]) -> None:
        for order in await self._persist(lambda: self._desk.renew(tokens)):
            self._dispatcher.obey(order)

    def _set_alarm(self, due: int | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if due is not None:
            seconds = max(_SHORTEST_SLEEP, min(_LONGEST_SLEEP, (due - clock.now()) / clock.SECOND))
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._is_time_up = True
        self.wake()
