"""The process that starts programs for one worker, and lets none of them outlive it.

It is small and has one thread, so that forking is quick and safe; it is the parent of every orphan among its
descendants, so that nothing escapes. Users' code never runs in it. It ends, and everything below it, when the
worker's line closes.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from shoal.jobs.sandbox import choosing, family, folders, orders, privileges, slots
from shoal.jobs.sandbox.confinement import SHARED_MEMORY, Confinement
from shoal.jobs.sandbox.running import Running
from shoal.jobs.sandbox.terms import read
from shoal.jobs.workers import wire

_STUBBORN = 10.0  # seconds after which a process that does not die is told of and left to the kernel


def main(line_fd: int) -> None:
    """Serve one worker until it is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = socket.socket(fileno=line_fd)
    line.set_inheritable(False)
    privileges.adopt_orphans()
    Launcher(line).serve()


class Launcher:
    """Start programs, watch them, end them, and say how they ended."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._unpacker = wire.Unpacker()
        self._descriptors: deque[int] = deque()
        self._running: dict[int, Running] = {}
        self._confinement: Confinement | None = None
        self._nest: Path | None = None
        self._slot = slots.claim()
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)

    def serve(self) -> None:
        """Obey until the line closes, then end everything and return."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            while self._turn():
                pass
        finally:
            self._end_all()

    def _turn(self) -> bool:
        line = self._line.fileno()
        ready, _, _ = select.select([line, self._wake_read], [], [], self._patience())
        if self._wake_read in ready:
            with suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
            self._bury()
        if line in ready and not self._listen():
            return False
        self._look()
        return True

    def _patience(self) -> float | None:
        soon = [each.patience() for each in self._running.values()]
        return min((seconds for seconds in soon if seconds is not None), default=None)

    def _listen(self) -> bool:
        try:
            piece, descriptors, _, _ = socket.recv_fds(self._line, 1 << 16, orders.MOST_DESCRIPTORS)
        except ConnectionError:
            return False
        for each in descriptors:
            os.set_inheritable(each, False)
        self._descriptors.extend(descriptors)
        for frame in self._unpacker.feed(piece):
            self._obey(orders.unpacked(frame))
        return bool(piece)

    def _obey(self, order: dict[str, Any]) -> None:
        running = self._running.get(order.get("id", 0))
        match order["do"]:
            case "confine":
                self._confine(order["terms"])
            case "start":
                self._start(order)
            case "end" if running is not None:
                running.end(order["grace"])
            case "settle" if running is not None:
                running.settle()
            case "wake" if running is not None:
                running.wake(order["memory"])
            case "rest" if running is not None:
                running.rest(order["seconds"])

    def _confine(self, terms: dict[str, Any]) -> None:
        self._nest = Path(terms["nest"])
        chosen, tried = choosing.choose(read(terms), self._slot)
        self._confinement = chosen
        told = asdict(chosen) if chosen is not None else None
        self._tell({"ready": told, "tried": tried})

    def _start(self, order: dict[str, Any]) -> None:
        descriptors = [self._descriptors.popleft() for _ in range(order["n"])]
        program = orders.program_of(order)
        try:
            if self._confinement is None:
                raise OSError("the launcher was not told how to confine programs")
            pid = choosing.forked(self._confinement, program, descriptors)
        except OSError as error:
            return self._tell(
                {"failed": order["id"], "errno": error.errno, "message": error.strerror or str(error)}
            )
        finally:
            for each in descriptors:
                os.close(each)
        self._running[order["id"]] = Running(order["id"], pid, program, order["host"])
        self._tell({"started": order["id"], "pid": pid})

    def _look(self) -> None:
        for running in self._running.values():
            running.look()

    def _bury(self) -> None:
        """Take note of who died; the end of a program is the end of all that it has started."""
        for running in self._reap():
            del self._running[running.id]
            if not running.host:
                self._sweep(running)
                self._tidy()
            self._tell(running.told())

    def _reap(self) -> list[Running]:
        ended: list[Running] = []
        roots = {running.pid: running for running in self._running.values()}
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            owner = roots.get(pid) or next((each for each in roots.values() if not each.host), None)
            if owner is not None:
                owner.used(usage)
            if pid in roots:
                roots[pid].code = os.waitstatus_to_exitcode(status)
                ended.append(roots[pid])

    def _sweep(self, owner: Running) -> None:
        """Kill what is left of a program that has ended: everything that belongs to no other."""
        until = monotonic() + _STUBBORN
        while strays := self._strays():
            family.signal_all(strays, signal.SIGKILL)
            while True:
                try:
                    pid, _, usage = os.wait4(-1, os.WNOHANG)
                except ChildProcessError:
                    return
                if pid == 0:
                    break
                owner.used(usage)
            if monotonic() > until:
                return self._tell({"stubborn": strays})
            select.select([], [], [], 0.001)

    def _tidy(self) -> None:
        """Remove what a program left in shared memory, for the next one has the same user."""
        if self._confinement is not None and self._confinement.shares_memory:
            for path in Path(SHARED_MEMORY).iterdir():
                with suppress(OSError):
                    if path.lstat().st_uid == self._confinement.user:
                        path.unlink()

    def _strays(self) -> list[int]:
        spared = {pid for each in self._running.values() for pid in (each.pid, *family.descendants(each.pid))}
        return [pid for pid in family.descendants(os.getpid()) if pid not in spared]

    def _end_all(self) -> None:
        self._running.clear()
        self._sweep(Running.nobody())
        if self._nest is not None:
            folders.remove(self._nest)
            folders.leave(self._nest.parent)

    def _tell(self, message: dict[str, Any]) -> None:
        with suppress(OSError):
            self._line.sendall(orders.packed(message))


if __name__ == "__main__":
    main(int(sys.argv[1]))
