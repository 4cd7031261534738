"""Telling hosts what to follow, and asking them about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from shoal.base import clock
from shoal.base.errors import Unavailable
from shoal.live.errors import Busy
from shoal.live.log.logs import Logs
from shoal.live.model import LiveTask, Wish
from shoal.live.office.line import HostGone, Line
from shoal.live.office.mirror import Mirror
from shoal.live.office.roster import Roster
from shoal.live.office.suspicion import Suspicion
from shoal.live.plain import plain
from shoal.live.states import HOSTED, State
from shoal.live.store.reading import missing
from shoal.live.wire import Frame

ANSWER = 20.0  # seconds that a host may take: who asks over HTTP seldom waits for longer
EXPORT = 120.0  # all rows of a frame, packed
ARRIVAL = 60.0  # seconds until a host is there; compiling its kernels the first time takes long
REST = 60.0  # seconds after which a host forgets a task that has ended and that nobody asks about
GOODBYE = 5.0
SILENCE = 1.0  # seconds in which no host answered, after which a server that stops waits for none
WEIGHED = 10.0


class Following:
    """Speak with the hosts about tasks; lives in the office's event loop."""

    def __init__(self, mirror: Mirror, logs: Logs, start_hosts: Callable[[], Any]) -> None:
        self.roster = Roster()
        self._mirror = mirror
        self._logs = logs
        self._start_hosts = start_hosts
        self._asked: dict[str, float] = {}
        self._leaving: set[str] = set()
        self._suspicion = Suspicion()

    def follow(self, task: LiveTask) -> Line | None:
        """Have a task followed, by whoever follows it or by the host with the fewest; None if none may.

        While a host keeps what it knows of a task that it leaves, none may: two would write one journal.
        """
        if (line := self.roster.line_of(task.id)) is not None:
            return line
        if task.id in self._leaving:
            return None
        may_begin, now = self._suspicion.may_begin, _now()
        line = self.roster.place(task.id, lambda one: may_begin(task.id, one.tasks, now))
        if line is not None:
            self._suspicion.begins(task.id, now)
            line.say("assign", **self._assignment(task))
            line.say("rows", task=task.id, end=self._logs.of(task.id).end)
        return line

    def died(self, line: Line) -> str | None:
        """Count with a host no more; returns the task that killed it, if that is known by now."""
        return self._suspicion.died(self.roster.leave(line), _now())

    def tell(self, task: LiveTask) -> None:
        """Tell of a task's new state; whoever begins to follow it learns that with it."""
        line = self.roster.line_of(task.id)
        if line is None:
            if task.state in HOSTED:
                self.follow(task)
            return
        match task.state:
            case State.INITIALIZING:
                line.say("init", task=task.id, run=task.run, base=task.base)
            case State.RUNNING:
                timeout = task.wish.pace.timeout
                line.say("play", task=task.id, run=task.run, timeout=timeout, turn=task.turn)
            case State.IDLE:
                line.say("pause", task=task.id)
            case State.FINISHED:
                line.say("stop", task=task.id)
                self._asked[task.id] = _now()

    def tell_wish(self, task: LiveTask) -> None:
        """Tell of a task's new wish."""
        if (line := self.roster.line_of(task.id)) is not None:
            line.say("reconfigure", task=task.id, wish=plain(task.wish))

    def tell_rows(self, task: str, end: int) -> None:
        """Tell that a log goes on."""
        if (line := self.roster.line_of(task)) is not None:
            line.say("rows", task=task, end=end)

    async def weigh(self, task: LiveTask, wish: Wish) -> None:
        """Let the host that follows a task look at another wish; raises what it says, else passes.

        Where there is none, or none has the time, it is seen when the wish is taken.
        """
        if self.roster.line_of(task.id) is not None:
            with suppress(TimeoutError, Unavailable):
                async with asyncio.timeout(WEIGHED):
                    await self.ask(task, "weigh", wish=plain(wish))

    async def ask(self, task: LiveTask, op: str, payload: bytes = b"", **header: Any) -> Frame:
        """Ask the host that follows a task, which is found if need be.

        Raises:
            Unavailable: there is no host, or it does not answer.
            ShoalError: what the host says.
        """
        self._asked[task.id] = _now()
        await self._start_hosts()
        await self.roster.some(ARRIVAL)
        patience = EXPORT if op == "export" else ANSWER
        try:
            async with asyncio.timeout(patience):
                return await self._ask(task, op, payload, header | {"patience": patience})
        except TimeoutError:
            raise Busy(task.id) from None

    async def _ask(self, task: LiveTask, op: str, payload: bytes, header: dict[str, Any]) -> Frame:
        while True:
            if (known := self._mirror.get(task.id)) is None:
                raise missing(task.id)
            line = self.follow(known)
            try:
                if line is not None:
                    return await line.ask(op, payload, task=task.id, **header)
            except HostGone:
                pass  # Another takes the task over.
            await asyncio.sleep(0.05)

    async def release(self, id: str) -> None:
        """Let the host that follows a task keep what it knows and forget it; nobody suspects it any more."""
        self._asked.pop(id, None)
        self._suspicion.clear(id)
        await self._leave(id)

    async def release_all(self) -> None:
        """Let every host keep what it knows; one that is silent for a while may compile, and is left."""
        tasks = [id for line in self.roster for id in line.tasks]
        waiting = {asyncio.ensure_future(self.release(id)) for id in tasks}
        while waiting:
            kept, waiting = await asyncio.wait(waiting, timeout=SILENCE, return_when=asyncio.FIRST_COMPLETED)
            if not kept:
                break
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _leave(self, id: str) -> None:
        if (line := self.roster.release(id)) is not None:
            self._leaving.add(id)
            try:
                async with asyncio.timeout(GOODBYE):
                    await line.ask("unassign", task=id)
            except (TimeoutError, HostGone):
                return
            finally:
                self._leaving.discard(id)

    def rested(self) -> list[str]:
        """Return the tasks that have ended, and that nobody has asked about for a while."""
        before = _now() - REST
        return [
            id
            for id, asked in list(self._asked.items())
            if asked < before and (task := self._mirror.get(id)) is not None and task.state not in HOSTED
        ]

    async def balance(self) -> None:
        """Move tasks until no host has two more than another."""
        while (pair := self._uneven()) is not None:
            most, task = pair
            await self._leave(task)
            if (found := self._mirror.get(task)) is not None and found.state in HOSTED:
                self.follow(found)
            if most not in set(self.roster):
                return

    def _uneven(self) -> tuple[Line, str] | None:
        """Return the host with the most tasks, and one that another may take; None when all are even."""
        lines = sorted(self.roster, key=lambda line: len(line.tasks))
        if len(lines) < 2 or len(lines[-1].tasks) - len(lines[0].tasks) < 2:
            return None
        movable = [task for task in lines[-1].tasks if not self._suspicion.is_suspect(task)]
        return (lines[-1], min(movable)) if movable else None

    def _assignment(self, task: LiveTask) -> dict[str, Any]:
        return {
            "task": task.id,
            "folder": str(self._logs.folder_of(task.id)),
            "wish": plain(task.wish),
            "run": task.run,
            "state": task.state.value,
            "dim": task.dim,
            "base": task.base,
            "turn": task.turn,
            "timeout_left": timeout_left(task),
        }


def timeout_left(task: LiveTask) -> float | None:
    """Return the seconds that a run may still take; None when there is no bound or it does not run."""
    if task.state is not State.RUNNING or not task.wish.pace.timeout or task.played is None:
        return None
    return max(0.0, task.wish.pace.timeout - (clock.now() - task.played) / clock.SECOND)


def _now() -> float:
    return asyncio.get_running_loop().time()
