"""One program that a launcher has started: what it uses, and how it is ended."""

from __future__ import annotations

import resource
import signal
import sys
from dataclasses import dataclass
from time import monotonic
from typing import Any

from shoal.jobs.sandbox import bubblewrap, family
from shoal.jobs.sandbox.confinement import Program
from shoal.jobs.sandbox.limits import Limits

LOOK = 0.05  # seconds between two looks at what a program uses
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(slots=True)
class Running:
    """A program and all that it has started; a `host` lives on between attempts.

    `settled` are the processes of a host itself, which are spared when a call to it is ended, and `own` their
    memory, which does not count; it `rests` between calls. `over` names the bound for which it was killed:
    memory, processes. `peak` is the memory of its largest process.
    """

    id: int
    pid: int
    program: Program
    host: bool
    memory: int | None = None
    settled: frozenset[int] = frozenset()
    own: int = 0
    rests: bool = False
    over: str = ""
    code: int | None = None
    cpu: float = 0.0
    peak: int = 0
    deadline: float | None = None

    def __post_init__(self) -> None:
        if not self.host:
            self.memory = self.program.limits.memory

    @classmethod
    def nobody(cls) -> Running:
        """Return who stands for what belongs to no program any more."""
        return cls(0, 0, Program((), {}, "", "", Limits(), ()), host=False)

    def patience(self) -> float | None:
        """Return the seconds until this has to be looked at; None when nothing happens by itself."""
        is_bounded = self.memory is not None or self.program.limits.processes is not None
        if is_bounded and not self.rests:
            return LOOK
        return None if self.deadline is None else max(0.0, self.deadline - monotonic())

    def mortal(self) -> list[int]:
        """Return the processes that signals are meant for: the program's, not those that hold its sandbox."""
        found = [self.pid, *family.descendants(self.pid)]
        return [pid for pid in found if pid not in self.settled and not bubblewrap.is_part_of(pid)]

    def settle(self) -> None:
        """Count the processes there are now as the host's own."""
        self.settled = frozenset([self.pid, *family.descendants(self.pid)])
        self.own = family.shared_out(self.settled)

    def wake(self, memory: int | None) -> None:
        """Take a call that may use so much memory."""
        self.rests, self.deadline = False, None
        self.memory = None if memory is None else memory + self.own

    def rest(self, seconds: float) -> None:
        """Wait so long for another call, then end."""
        self.rests, self.memory = True, None
        self.deadline = monotonic() + seconds

    def end(self, grace: float) -> None:
        """Ask all processes to end, and kill them when the grace is over."""
        if grace > 0:
            family.signal_all(self.mortal(), signal.SIGTERM)
            self.deadline = monotonic() + grace
        else:
            self.kill()

    def kill(self) -> None:
        """Kill the program, with what holds its sandbox."""
        self.deadline = None
        family.signal_all([self.pid, *family.descendants(self.pid)], signal.SIGKILL)

    def look(self) -> None:
        """Kill it when its time is up, or when its processes together use more than they may."""
        if self.deadline is not None and monotonic() >= self.deadline:
            return self.kill()
        if self.rests or self.over:
            return
        pids = [self.pid, *family.descendants(self.pid)]
        most = self.program.limits.processes
        if most is not None and len(pids) > most:
            self.over = "processes"
        elif self.memory is not None and family.memory(pids) > self.memory:
            self.over = "memory" if family.shared_out(pids) > self.memory else ""
        if self.over:
            self.kill()

    def used(self, usage: resource.struct_rusage) -> None:
        """Add what a dead process of it has used."""
        self.cpu += usage.ru_utime + usage.ru_stime
        self.peak = max(self.peak, usage.ru_maxrss * _RSS_UNIT)

    def told(self) -> dict[str, Any]:
        """Return how it ended, for the worker."""
        return {"ended": self.id, "code": self.code, "cpu": self.cpu, "peak": self.peak, "over": self.over}
