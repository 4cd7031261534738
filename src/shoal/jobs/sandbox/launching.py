"""The worker's end of its launcher: started with the first program, asked for more, heard of their ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shoal.base.errors import Unavailable
from shoal.jobs.sandbox import folders, orders, privileges
from shoal.jobs.sandbox.confinement import Confinement, Program
from shoal.jobs.sandbox.family import children, descendants, signal_all
from shoal.jobs.sandbox.terms import Terms
from shoal.jobs.workers import wire

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); sys.prefix, sys.exec_prefix = sys.argv[3:]; "
    "from shoal.jobs.sandbox.launcher import main; main(int(sys.argv[1]))"
)


class LauncherDied(Exception):
    """Say that the launcher is gone, and what it ran with it."""


class Launching:
    """Speak with one launcher. Only `end` may be called from another thread than the one that made it."""

    def __init__(self, terms: Terms) -> None:
        """Start it.

        Raises:
            Unavailable: programs cannot be confined as the settings say.
        """
        self.terms = terms
        self.unheard: list[dict[str, Any]] = []
        self._ids = 0
        self._unpacker = wire.Unpacker()
        self._sending = threading.Lock()
        self._before = frozenset(children(os.getpid()))
        self._line, theirs = socket.socketpair()
        privileges.adopt_orphans()  # What a launcher that is killed leaves behind becomes ours.
        with theirs:
            self._process = subprocess.Popen(
                _words(theirs.fileno()), stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], env={}
            )
        # All of this worker's folders lie in one, which goes with the launcher.
        self.nest = folders.make_passable(folders.open_nest(Path(terms.nest)), "worker")
        self._send(orders.packed({"do": "confine", "terms": terms.plain() | {"nest": str(self.nest)}}))
        self.confinement, self.tried = self._confined()

    @property
    def pid(self) -> int:
        """Return the launcher's process id."""
        return self._process.pid

    @property
    def owner(self) -> int | None:
        """Return the user that programs run as, None when it is our own."""
        return self.confinement.user if self.confinement.has_own_user else None

    def fileno(self) -> int:
        """Return the descriptor that is readable when `hear` has something."""
        return self._line.fileno()

    def start(self, program: Program, descriptors: Sequence[int], *, host: bool = False) -> int:
        """Start a program whose descriptors 0, 1, 2 and so on are given; returns the number it goes by.

        A host lives on between attempts.

        Raises:
            OSError: it could not be started.
            LauncherDied: the launcher is gone.
        """
        self._ids += 1
        self._send(orders.start(self._ids, program, len(descriptors), host=host), descriptors)
        while True:
            heard = self.hear()
            for n, told in enumerate(heard, 1):
                if told.get("started") == self._ids:
                    self.unheard = heard[n:]  # It may have ended already.
                    return self._ids
                if told.get("failed") == self._ids:
                    raise OSError(told["errno"], told["message"])

    def end(self, id_: int, grace: float) -> None:
        """Have a program's processes asked to end, and killed after the grace; from any thread."""
        with suppress(LauncherDied):
            self._order("end", id_, grace=grace)

    def settle(self, id_: int) -> None:
        """Have the processes that a host has now counted as its own."""
        self._order("settle", id_)

    def wake(self, id_: int, memory: int | None) -> None:
        """Have a host take a call, which may use so much memory beside the host's own."""
        self._order("wake", id_, memory=memory)

    def rest(self, id_: int, seconds: float) -> None:
        """Have a host ended unless it is woken before."""
        with suppress(LauncherDied):
            self._order("rest", id_, seconds=seconds)

    def hear(self) -> list[dict[str, Any]]:
        """Return what the launcher has told, waiting for it if need be; first what is `unheard`.

        Raises:
            LauncherDied: it is gone; what it ran is ended.
        """
        if self.unheard:
            heard, self.unheard = self.unheard, []
            return heard
        try:
            piece = self._line.recv(1 << 16)
        except ConnectionError:
            piece = b""
        if not piece:
            self.close()
            raise LauncherDied("The process that starts programs died.")
        return [orders.unpacked(frame) for frame in self._unpacker.feed(piece)]

    def close(self) -> None:
        """End the launcher and everything below it; what a dead one left is killed here."""
        self._line.close()
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        while left := self._left():
            signal_all(left, signal.SIGKILL)
            _bury(left)
        folders.remove(self.nest)

    def _left(self) -> list[int]:
        adopted = [pid for pid in children(os.getpid()) if pid not in self._before]
        return [pid for child in adopted for pid in (child, *descendants(child))]

    def _order(self, what: str, id_: int, **more: Any) -> None:
        self._send(orders.packed({"do": what, "id": id_} | more))

    def _send(self, frame: bytes, descriptors: Sequence[int] = ()) -> None:
        try:
            with self._sending:
                sent = socket.send_fds(self._line, [frame], list(descriptors)) if descriptors else 0
                self._line.sendall(frame[sent:])
        except OSError as error:
            raise LauncherDied("The process that starts programs died.") from error

    def _confined(self) -> tuple[Confinement, dict[str, str]]:
        try:
            told = self.hear()[0]
        except LauncherDied as error:
            raise Unavailable(str(error), hint="What it last said is in the server's output.") from error
        if told["ready"] is None:
            self.close()
            why = "; ".join(f"{mode}: {fault}" for mode, fault in told["tried"].items())
            raise Unavailable(
                f"The sandbox that the settings ask for does not work here ({why}).",
                hint="Set execution.sandbox to auto, or see 'shoal doctor'.",
            )
        return Confinement(**told["ready"]), told["tried"]


def _words(line: int) -> list[str]:
    paths = json.dumps([path for path in sys.path if path != ""] or [os.curdir])
    return [sys.executable, "-I", "-S", "-c", _START, str(line), paths, sys.prefix, sys.exec_prefix]


def _bury(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
