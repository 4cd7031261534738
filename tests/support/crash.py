"""Kill a program at a fault point, start it again, and look at what is left.

A program is a function of a folder and a database address, in a module that can be imported; it must be
able to begin again where its predecessor died. It runs in its own process group, forked from a process
that has imported its module already.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import psutil

from tests.support.waiting import SHORTEST, wait_until

Scope = Literal["process", "tree", "others"]
SCOPES: tuple[Scope, ...] = ("process", "tree", "others")
_forks = multiprocessing.get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Fault:
    """Who is killed, when the point is reached for the nth time."""

    point: str
    moment: Literal["before", "after"]
    scope: Scope = "process"
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.point}-{self.moment}-{self.scope}"


def faults(points: Iterable[str], scopes: Iterable[Scope] = SCOPES) -> list[Fault]:
    """Return every combination of point, moment and scope."""
    scopes = tuple(scopes)
    return [
        Fault(p, moment, scope) for p in sorted(points) for moment in ("before", "after") for scope in scopes
    ]


class Program:
    """A program "module:function" with its folder and its database."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self._name = name
        self._folder = folder
        self._url = url
        self._once = folder / "fault-fired"
        self.output = folder / "output"
        _forks.set_forkserver_preload([name.partition(":")[0]])

    @property
    def fired(self) -> bool:
        """Say whether the fault has come to pass."""
        return self._once.exists()

    def run(self, fault: Fault | None = None, timeout: float = 60) -> int:
        """Run until the end, or until a fault kills it; return the exit code once nothing of it lives."""
        process = self._begin(fault)
        try:
            process.join(timeout)
            if process.exitcode is None:
                raise AssertionError(f"the program did not end in {timeout} s: {self.output.read_text()}")
            group = process.pid or 0
            wait_until(lambda: not alive(group), timeout=10, on_timeout=lambda: alive(group))
            return process.exitcode
        finally:
            for orphan in alive(process.pid or 0):
                orphan.kill()
            process.join()
            process.close()

    def run_and_kill(self, when: Callable[[], object]) -> None:
        """Run until something is true and then kill everything at once, with SIGKILL."""
        process = self._begin(None)
        group = process.pid or 0
        try:
            wait_until(when, timeout=60, on_timeout=self.output.read_text, longest=SHORTEST)
        finally:
            os.killpg(group, signal.SIGKILL)
            process.join()
            process.close()
        wait_until(lambda: not alive(group), timeout=10, on_timeout=lambda: alive(group))

    def _begin(self, fault: Fault | None) -> BaseProcess:
        environment = {"SHOAL_FAULT_ONCE": str(self._once)}
        if fault is not None:
            environment["SHOAL_FAULT"] = f"{fault.point}:{fault.moment}:{fault.nth}:{fault.scope}"
        process = _forks.Process(
            target=_run, args=(self._name, str(self._folder), self._url, str(self.output), environment)
        )
        process.start()
        return process


def survive(program: Program, fault: Fault) -> None:
    """Run a program into a fault, and again when that killed it; in between nothing of it may live."""
    code = program.run(fault)
    assert program.fired, f"{fault} was never reached:\n{program.output.read_text()}"
    if code != 0:
        assert code == -9, program.output.read_text()
        assert program.run() == 0, program.output.read_text()


def alive(group: int) -> list[psutil.Process]:
    """Return the living processes of a group."""
    return [process for process in psutil.process_iter() if _is_alive_in(process, group)]


def _is_alive_in(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def _run(name: str, folder: str, url: str, output: str, environment: dict[str, str]) -> None:
    os.setpgid(0, 0)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", 1), os.fdopen(2, "w", 1)
    os.environ.pop("SHOAL_FAULT", None)
    os.environ.update(environment)
    module, _, function = name.partition(":")
    getattr(import_module(module), function)(Path(folder), url)
