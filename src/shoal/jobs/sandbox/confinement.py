"""The steps between fork and exec that make a process somebody else's program."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from shoal.jobs.sandbox import bubblewrap, landlock, modes, places, privileges
from shoal.jobs.sandbox.limits import Limits

_DEFAULTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD, signal.SIGXFSZ)
SHARED_MEMORY = "/dev/shm"


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run from `cwd`: it may write in `folder`, and read what is `readable`."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: str
    cwd: str
    limits: Limits
    readable: Sequence[str]


@dataclass(frozen=True, slots=True)
class Confinement:
    """How programs are confined here: the mode, the place among the launchers, the user if it is another.

    `others` is how many processes our user had when this launcher started.
    """

    mode: str
    slot: int
    user: int | None
    others: int

    @property
    def has_own_user(self) -> bool:
        """Say whether programs run as a user of their own."""
        return self.user is not None and self.mode in (modes.USER, modes.BUBBLEWRAP)

    @property
    def shares_memory(self) -> bool:
        """Say whether programs may use the machine's shared memory, where their user keeps them apart."""
        return self.user is not None and self.mode == modes.USER

    def enter(self, program: Program, descriptors: Sequence[int], launcher: int) -> NoReturn:
        """Become the program; `descriptors` become 0, 1, 2 and so on; called in a fork without threads.

        Raises:
            OSError: something was refused, or there is no such program.
        """
        os.setsid()
        _take(descriptors)
        for number in _DEFAULTS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.chdir(program.cwd)
        program.limits.apply(self.slot, 0 if self.has_own_user else self.others)
        argv = self._confined(program, launcher)
        os.execvpe(argv[0], argv, dict(program.env))

    def _confined(self, program: Program, launcher: int) -> list[str]:
        if self.mode == modes.BUBBLEWRAP:
            privileges.die_with(launcher)
            return bubblewrap.command(program.argv, program.readable, program.folder, program.cwd, self.user)
        if self.mode == modes.USER and self.user is not None:
            privileges.become(self.user)
        elif self.mode == modes.LANDLOCK and os.geteuid() == 0:
            privileges.drop_capabilities()
        privileges.gain_nothing()
        privileges.die_with(launcher)
        if self.mode != modes.NONE and landlock.version():
            shared = [SHARED_MEMORY] if self.shares_memory else []
            readable = [*program.readable, *places.KERNEL]
            landlock.restrict(readable, [program.folder, *places.DEVICES, *shared])
        return list(program.argv)


def _take(descriptors: Sequence[int]) -> None:
    # First out of the way, for a target may be a source too. All other descriptors close at exec.
    high = [os.dup2(each, 100 + n, inheritable=False) for n, each in enumerate(descriptors)]
    for target, each in enumerate(high):
        os.dup2(each, target, inheritable=True)
