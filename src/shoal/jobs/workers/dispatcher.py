"""Give leases to workers and their outcomes to the database, in one event loop.

Leases come in ahead of need and outcomes go out in batches, so that no worker waits for a commit. Nothing
polls: what wakes the loop is a worker's line, the database's events, or the time at which something is due.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from base64 import b64decode
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from shoal.base import clock
from shoal.base.errors import ShoalError, Unavailable
from shoal.jobs import kinds
from shoal.jobs.model import Lease, Order, Outcome
from shoal.jobs.workers import verdicts
from shoal.jobs.workers.crew import Crew
from shoal.jobs.workers.desk import Desk, Report
from shoal.jobs.workers.ledger import Ledger
from shoal.jobs.workers.member import Held, Member, Verdict
from shoal.jobs.workers.nursery import Nursery
from shoal.jobs.workers.pacing import AHEAD, LONG, MOST_STACKED, STACK, Pace
from shoal.jobs.workers.protocol import (
    Artifact,
    Ask,
    Assign,
    Assignment,
    Finish,
    Log,
    Message,
    Progress,
    Raw,
    Recall,
    Registered,
    Returned,
    Stop,
    Told,
)
from shoal.jobs.workers.worker import Settings

_log = logging.getLogger(__name__)
_PATIENCE = 0.03  # seconds a stacked worker may spend on one job before the rest is recalled


@dataclass(frozen=True, slots=True)
class Options:
    """How workers are kept.

    `cancel_grace` is how long a job that was told to stop may take, `term_grace` how long a process may
    take from SIGTERM to SIGKILL, `hung_after` how long a worker may give no sign of life; all in seconds.
    `ahead` is for how many seconds of work leases are held ahead of need.
    `terms` is what runners are told of programs and their bounds (`shoal.jobs.sandbox.terms`).
    """

    storage_root: Path
    log_folder: Path
    workers: int
    preload: Sequence[str]
    heartbeat: float = 1.0
    hung_after: float = 60.0
    cancel_grace: float = 5.0
    term_grace: float = 2.0
    ahead: float = AHEAD
    terms: Mapping[str, Any] = field(default_factory=dict)


class Dispatcher:
    """Own what is in the house's hands: leases ahead, leases with workers, outcomes not yet recorded."""

    def __init__(self, desk: Desk, options: Options, nursery: Nursery | None = None) -> None:
        self.options = options
        self.held: dict[str, Held] = {}
        self.ahead: deque[Held] = deque()
        self.pace = Pace(options.ahead)
        self.ledger = Ledger(desk)
        self._desk = desk
        settings = Settings(str(options.storage_root), options.heartbeat, dict(options.terms))
        self.crew = Crew(
            options.workers, settings, options.preload, nursery, self._on_message, self._on_death
        )
        self.is_closing = False
        self._asking: set[asyncio.Future[None]] = set()
        self.changed = asyncio.Event()
        self.emptied = asyncio.Event()
        self.emptied.set()
        self._stacks: asyncio.TimerHandle | None = None
        self._releases: asyncio.TimerHandle | None = None

    def room(self) -> int:
        """Return how many more leases to take now."""
        if self.is_closing:
            return 0
        ahead = self.pace.ahead()
        working = [member for member in self.crew.members if member.verdict is None]
        # What waits behind a long job is better left to others.
        target = sum(1 if member.is_long else 1 + ahead for member in working)
        room = target - len(self.held)
        # A few at a time are not worth a transaction while the workers have enough.
        return room if room * 4 >= target or not self.ahead else 0

    def in_use(self) -> dict[str, float]:
        """Return the resources of everything in hand."""
        used: Counter[str] = Counter()
        for held in self.held.values():
            if held.lease.resources:
                used.update(held.lease.resources)
        return dict(used)

    def take(self, leases: Sequence[Lease]) -> None:
        """Hold new leases and hand them out."""
        if leases:
            self.emptied.clear()
        taken = monotonic()
        for lease in leases:
            held = self.held[lease.token] = Held(lease, self.options.log_folder, taken, self._desk.logged)
            if (coming := self._desk.prepare(lease)) is None:
                self.ahead.append(held)
            else:
                held.coming = asyncio.wrap_future(coming)
                held.coming.add_done_callback(partial(self._on_arrival, held))
        if self.is_closing:
            self.give_back_ahead()
        self.hand_out()

    def hand_out(self) -> None:
        """Give the leases ahead to workers: to the idle first, then to those whose work is short."""
        batches: dict[Member, list[Held]] = {}
        fit = [member for member in self.crew.members if member.is_fit]
        while fit and self.ahead and not self.is_closing:
            member = min(fit, key=lambda one: len(one.held))
            if member.held and not self._may_stack(member):
                break
            held = self.ahead.popleft()
            held.member = member
            member.expected = self.pace.expected(held.lease.kind) + (member.expected if member.held else 0.0)
            member.held.append(held)
            batches.setdefault(member, []).append(held)
            if member.held[0] is held:
                self._begin(held)
        for member, batch in batches.items():
            member.send(Assign([_assignment(held.lease) for held in batch]))
        if self.ahead and self._releases is None:
            self._releases = asyncio.get_running_loop().call_later(LONG, self._release)
        self.changed.set()

    def obey(self, order: Order) -> None:
        """Stop the work under a token."""
        held = self.held.get(order.token)
        if held is None or held.stop is not None:
            return
        held.stop = order.reason
        if held.member is None:
            if held in self.ahead:
                self.ahead.remove(held)
            self._end(held, verdicts.of_order(held))
        else:
            held.member.send(Stop(order.token, order.reason))
            self._later(held, kinds.grace(held.lease) + self.options.cancel_grace, order.reason)

    def kill(self, member: Member, verdict: Verdict) -> None:
        """End a worker: SIGTERM, and SIGKILL when that has not helped."""
        if member.verdict is None:
            member.verdict = verdict
            member.kill(signal.SIGTERM)
            asyncio.get_running_loop().call_later(self.options.term_grace, member.kill, signal.SIGKILL)

    def give_back_ahead(self) -> None:
        """Give back what no worker has begun."""
        self.ahead.clear()
        for held in [held for held in self.held.values() if held.member is None]:
            self._give_back(held)
        for member in self.crew.members:
            if len(member.held) > 1:
                member.send(Recall())

    def _on_message(self, member: Member, message: Message) -> None:
        match message:
            case Finish():
                self._on_finish(member, message)
            case Log(token, text, stream) if token in self.held:
                self.held[token].keep(text.encode(errors="replace"), stream)
            case Raw(token, data, stream) if token in self.held:
                self.held[token].keep(b64decode(data), stream)
            case Artifact(token) if token in self.held:
                self.held[token].artifacts.append(message)
            case Ask(token) if token in self.held:
                self._ask(member, self.held[token].lease, message)
            case Progress(token) if token in self.held:
                self.ledger.progress.add(message)
            case Registered(pid):
                member.pid, member.ready = pid, True
                self.hand_out()
            case Returned(tokens):
                self._on_returned(member, tokens)

    def _ask(self, member: Member, lease: Lease, asked: Ask) -> None:
        """Tell a job what the house answers, as soon as it can."""
        answering = asyncio.ensure_future(self._answer(member, lease, asked))
        self._asking.add(answering)
        answering.add_done_callback(self._asking.discard)

    async def _answer(self, member: Member, lease: Lease, asked: Ask) -> None:
        try:
            answer = await self.ledger.persist(partial(self._desk.ask, lease, asked.question))
            told = Told(asked.token, asked.number, answer)
        except ShoalError as error:
            told = Told(asked.token, asked.number, error=error.as_problem())
        except Exception as error:  # Whoever asks should not wait in vain.
            _log.exception("the question of job %s could not be answered", lease.job_id)
            said = Unavailable(f"The question could not be answered: {type(error).__name__}.")
            told = Told(asked.token, asked.number, error=said.as_problem())
        member.send(told)

    def _on_finish(self, member: Member, message: Finish) -> None:
        if not member.held or member.held[0].lease.token != message.token:
            return
        held = member.held.popleft()
        member.finished += 1
        self.pace.learn(held.lease.kind, message.seconds)
        if held.stop == "shutdown" and message.state == "cancelled":
            self._give_back(held)
        else:
            self._end(held, verdicts.of_finish(held, message))
        if member.held:
            member.expected -= min(member.expected, self.pace.expected(held.lease.kind))
            self._begin(member.held[0])
        if len(member.held) < 2:
            self.hand_out()

    def _on_returned(self, member: Member, tokens: Sequence[str]) -> None:
        member.recalled = False
        gone = [held for held in member.held if held.lease.token in tokens]
        for held in reversed(gone):
            member.held.remove(held)
            self._put_back(held)
        self.hand_out()

    def _on_death(self, member: Member) -> None:
        dying, rest = list(member.held)[:1], list(member.held)[1:]
        member.held.clear()
        for held in dying:
            if member.verdict == "shutdown":
                self._give_back(held)
            else:
                self._end(held, verdicts.of_death(member, held))
        for held in reversed(rest):
            self._put_back(held)
        self.hand_out()

    def _on_arrival(self, held: Held, coming: asyncio.Future[None]) -> None:
        """Hand out a lease whose inputs are here, or end it when they cannot be brought."""
        if held.is_over or coming.cancelled():
            return
        if (error := coming.exception()) is not None:
            return self._end(held, verdicts.of_missing_input(error))
        self.ahead.append(held)
        self.hand_out()

    def _put_back(self, held: Held) -> None:
        """Take a lease that was not begun out of a worker's hands."""
        held.member = held.begun = None
        if held.stop is not None:
            self._end(held, verdicts.of_order(held))
        elif self.is_closing:
            self._give_back(held)
        else:
            self.ahead.appendleft(held)

    def _begin(self, held: Held) -> None:
        held.begun = monotonic()
        self.ledger.begun.add(held)
        if held.lease.timeout is not None and not held.lease.service:
            self._later(held, held.lease.timeout, "timeout")
        if held.lease.deadline is not None:
            self._later(held, (held.lease.deadline - clock.now()) / clock.SECOND, "deadline")

    def _later(self, held: Held, seconds: float, verdict: Verdict) -> None:
        loop = asyncio.get_running_loop()
        held.timers.append(loop.call_later(max(0.0, seconds), self._run_out, held, verdict))

    def _run_out(self, held: Held, verdict: Verdict) -> None:
        """Kill the worker of a job whose time is up, if it is running; first let it end its program."""
        if held.member is None or held.member.held[0] is not held or held.is_over:
            return
        held.member.send(Stop(held.lease.token, verdict))
        if held.stop is None and (grace := kinds.grace(held.lease)) > 0:
            held.stop = verdict
            self._later(held, grace + self.options.cancel_grace, verdict)
        else:
            self.kill(held.member, verdict)

    def _may_stack(self, member: Member) -> bool:
        begun = member.held[0].begun
        is_fresh = begun is not None and monotonic() - begun < STACK
        if not is_fresh or member.expected > STACK or len(member.held) >= MOST_STACKED:
            return False
        if self._stacks is None:
            self._stacks = asyncio.get_running_loop().call_later(_PATIENCE, self._recall)
        return True

    def _recall(self) -> None:
        """Take back what waits behind a job that lasts longer than was expected."""
        self._stacks = None
        stacked = [member for member in self.crew.members if len(member.held) > 1 and not member.recalled]
        for member in stacked:
            begun = member.held[0].begun
            if begun is not None and monotonic() - begun > _PATIENCE / 2:
                member.recalled = True
                member.send(Recall())
        if stacked:
            self._stacks = asyncio.get_running_loop().call_later(_PATIENCE, self._recall)

    def _release(self) -> None:
        """Give back what waits for workers of which each is at a long job: another house may be free."""
        self._releases = None
        if self.ahead and all(member.is_long for member in self.crew.members):
            for held in list(self.ahead):
                self._give_back(held)
            self.ahead.clear()
        elif self.ahead:
            self._releases = asyncio.get_running_loop().call_later(LONG, self._release)

    def _end(self, held: Held, outcome: Outcome) -> None:
        self._let_go(held)
        if held.member is not None:
            outcome = outcome._replace(facts={**(outcome.facts or {}), "process": held.member.number})
        self.ledger.end(Report(held.lease, outcome, held.artifacts))

    def _give_back(self, held: Held) -> None:
        self._let_go(held)
        self.ledger.returned.add(held.lease.token)

    def _let_go(self, held: Held) -> None:
        held.close()
        del self.held[held.lease.token]
        self.changed.set()
        if not self.held:
            self.emptied.set()


def _assignment(lease: Lease) -> Assignment:
    kind = kinds.get(lease.kind)
    return Assignment(
        lease.token,
        lease.job_id,
        lease.generation,
        lease.attempt,
        lease.name,
        kind.run,
        kind.threads,
        lease.spec,
    )
