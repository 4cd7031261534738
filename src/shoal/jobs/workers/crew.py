"""The worker processes: as many as there should be, replaced when they die."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Sequence
from time import monotonic

from shoal.base.errors import Unavailable
from shoal.jobs.workers.member import Member, Output
from shoal.jobs.workers.nursery import Exited, Nursery, Spawned
from shoal.jobs.workers.protocol import Message
from shoal.jobs.workers.worker import Settings

_QUICK = 1.0  # seconds: a worker that dies younger and without having finished a job died at once
_FIRST_DELAY, _LONGEST_DELAY = 0.05, 10.0
_STILLBORN = 5  # deaths in a row before the first word
_LAST_WORDS = 0.5  # seconds between a death and the end of its line, or the other way round


class Crew:
    """Keep `size` workers alive; lives in one event loop."""

    def __init__(
        self,
        size: int,
        settings: Settings,
        preload: Sequence[str],
        nursery: Nursery | None,
        on_message: Callable[[Member, Message], None],
        on_death: Callable[[Member], None],
    ) -> None:
        self.members: list[Member] = []
        self._size = size
        self._settings = settings
        self._preload = preload
        self._on_message = on_message
        self._on_death = on_death
        self._nursery = nursery
        self._numbers = 0
        self._quick_deaths = 0
        self._stillborn = 0
        self._open = True
        self._spawning: set[asyncio.Task[None]] = set()
        self._outputs: set[asyncio.BaseTransport] = set()

    @property
    def fork_server(self) -> int | None:
        """Return the fork server's process id, None when there is none."""
        return self._nursery.pid if self._nursery is not None else None

    @property
    def trouble(self) -> Unavailable | None:
        """Return what is wrong when workers cannot even start."""
        if self._stillborn < _STILLBORN:
            return None
        return Unavailable(
            "Worker processes die as soon as they start.",
            hint="What they last said is on this process's standard error; 'shoal doctor' may know more.",
        )

    def fill(self) -> None:
        """Ask for the workers that are missing."""
        while self._open and len(self.members) < self._size:
            self._numbers += 1
            member = Member(self._numbers, self._on_message, self._settle)
            self.members.append(member)
            task = self._loop.create_task(self._spawn(member, self._listened_to()))
            self._spawning.add(task)
            task.add_done_callback(self._spawning.discard)

    async def close(self) -> None:
        """Kill what is left and close the fork server."""
        self._open = False
        await asyncio.gather(*self._spawning, return_exceptions=True)
        for member in self.members:
            member.kill(signal.SIGKILL)
            member.hang_up()
        for output in self._outputs:
            output.close()  # A dead worker's launcher may hold the other end for a moment.
        if self._nursery is not None:
            self._loop.remove_reader(self._nursery.fileno())
            await asyncio.to_thread(self._nursery.close)
            self._nursery = None

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    async def _spawn(self, member: Member, nursery: Nursery) -> None:
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        try:
            nursery.spawn(member.number, theirs, write, self._settings)
        except OSError:
            pass  # The fork server is dead: the line closes with the last descriptor, and the member is lost.
        finally:
            theirs.close()
            os.close(write)
        await self._loop.create_unix_connection(lambda: member, sock=ours)
        output = Output(member, self._outputs)
        await self._loop.connect_read_pipe(lambda: output, os.fdopen(read, "rb", 0))

    def _listened_to(self) -> Nursery:
        if self._nursery is None:
            self._nursery = Nursery(self._preload)
        self._loop.add_reader(self._nursery.fileno(), self._hear, self._nursery)
        return self._nursery

    def _hear(self, nursery: Nursery) -> None:
        told = nursery.hear()
        if told is None:
            return self._lose(nursery)
        for one in told:
            for member in list(self.members):
                self._note(member, one)

    def _note(self, member: Member, news: Spawned | Exited) -> None:
        match news:
            case Spawned(number, pid) if number == member.number:
                member.pid = pid
            case Exited(pid) if pid == member.pid:
                member.exited = news
                self._settle(member)

    def _settle(self, member: Member) -> None:
        """Bury a member whose line has ended and whose exit is known; give the other news a moment."""
        if member.silent and member.exited is not None:
            self._bury(member)
        else:
            self._loop.call_later(_LAST_WORDS, self._bury, member)

    def _bury(self, member: Member) -> None:
        if member not in self.members:
            return
        member.kill(signal.SIGKILL)
        member.hang_up()
        self.members.remove(member)
        if self._open:
            self._on_death(member)
            self._loop.call_later(self._delay(member), self.fill)

    def _delay(self, member: Member) -> float:
        self._stillborn = 0 if member.ready else self._stillborn + 1
        is_quick = not member.finished and monotonic() - member.born < _QUICK
        self._quick_deaths = self._quick_deaths + 1 if is_quick else 0
        if self._quick_deaths < 2:
            return 0.0
        return min(_LONGEST_DELAY, _FIRST_DELAY * 2.0**self._quick_deaths)

    def _lose(self, nursery: Nursery) -> None:
        # Its workers live on. Those that it did not fork any more are noticed by the end of their lines.
        self._loop.remove_reader(nursery.fileno())
        self._nursery = None
        self._loop.run_in_executor(None, nursery.close)
