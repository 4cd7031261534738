"""One worker process as the house sees it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Literal

from shoal.jobs.logs import AttemptLog, limit_of, log_key
from shoal.jobs.model import Lease
from shoal.jobs.workers import wire
from shoal.jobs.workers.nursery import Exited
from shoal.jobs.workers.pacing import LONG
from shoal.jobs.workers.protocol import Artifact, FromHouse, Message, decode, encode

Verdict = Literal["cancelled", "timeout", "deadline", "hung", "stale", "shutdown"]


@dataclass(slots=True, eq=False)
class Held:
    """A lease in our hands: `coming`, ahead, with a worker, or (once `begun`) being worked on.

    It is `coming` while what it reads is brought here; `artifacts` is what its attempt wrote.
    """

    lease: Lease
    log_folder: Path
    taken: float
    on_log: Callable[[Lease, str], None]
    member: Member | None = None
    begun: float | None = None
    stop: Verdict | None = None
    coming: asyncio.Future[None] | None = None
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    is_over: bool = False
    _log: AttemptLog | None = None

    @property
    def log(self) -> AttemptLog:
        """Return the attempt's log; most attempts say nothing and have none."""
        if self._log is None:
            lease = self.lease
            key = log_key(lease.job_id, lease.generation, lease.attempt)
            self._log = AttemptLog(self.log_folder, key, limit_of(lease.spec))
        return self._log

    def keep(self, content: bytes, stream: str = "s") -> None:
        """Add bytes to a stream of the attempt's log, and tell of it."""
        self.log.append(content, stream)
        if (key := self.log.key) is not None:
            self.on_log(self.lease, key)

    @property
    def log_key(self) -> str | None:
        """Return the key of the attempt's log, None while it has said nothing."""
        return None if self._log is None else self._log.key

    def close(self) -> None:
        """Let go of what belongs to the attempt."""
        self.is_over = True
        if self.coming is not None:
            self.coming.cancel()
        for timer in self.timers:
            timer.cancel()
        if self._log is not None:
            self._log.close()


class Member(asyncio.Protocol):
    """Speak with one worker; what it holds is worked off in order, the first is running.

    `expected` is how long what it was given since it was last idle was expected to last together.
    """

    def __init__(
        self,
        number: int,
        on_message: Callable[[Member, Message], None],
        on_silence: Callable[[Member], None],
    ) -> None:
        self.number = number
        self.pid: int | None = None
        self.ready = False
        self.held: deque[Held] = deque()
        self.expected = 0.0
        self.born = self.heard = monotonic()
        self.finished = 0
        self.verdict: Verdict | None = None
        self.recalled = False
        self.exited: Exited | None = None
        self.silent = False
        self._on_message = on_message
        self._on_silence = on_silence
        self._unpacker = wire.Unpacker()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; called by the loop."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Pass the messages on; called by the loop."""
        self.heard = monotonic()
        try:
            for frame in self._unpacker.feed(data):
                self._on_message(self, decode(frame))
        except ValueError:
            self.kill(signal.SIGKILL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that no more will be heard; called by the loop."""
        self.silent = True
        self._on_silence(self)

    @property
    def is_fit(self) -> bool:
        """Say whether the worker can take leases now."""
        return self.ready and self.verdict is None and not self.silent

    @property
    def is_long(self) -> bool:
        """Say whether the worker has been at one job for longer than another should wait behind it."""
        begun = self.held[0].begun if self.held else None
        return begun is not None and monotonic() - begun >= LONG

    def send(self, message: FromHouse) -> None:
        """Send a message, or nothing when the worker is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(wire.packed(encode(message)))

    def kill(self, number: signal.Signals) -> None:
        """Send a signal, unless the worker is known to be dead: its id may be another's then."""
        if self.pid is not None and self.exited is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the line; a living worker ends at once."""
        if self._transport is not None:
            self._transport.abort()


class Output(asyncio.Protocol):
    """Read what a worker's process prints past Python, and keep it in the running attempt's log.

    Its transport is among `opened` while it is open.
    """

    def __init__(self, member: Member, opened: set[asyncio.BaseTransport]) -> None:
        self._member = member
        self._opened = opened
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; called by the loop."""
        self._transport = transport
        self._opened.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport; called by the loop."""
        if self._transport is not None:
            self._opened.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Keep the bytes; called by the loop."""
        if self._member.held:
            self._member.held[0].keep(data)
