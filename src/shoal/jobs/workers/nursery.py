"""The house's end of the fork server: start it early, ask it for workers, hear of deaths."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from shoal.jobs.workers import wire
from shoal.jobs.workers.worker import Settings

# What jobs need of the kernels today; loading the others too would triple the time to the first fit.
PRELOAD = ("shoal.clustering.gaussian_warm",)
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from shoal.jobs.workers.forkserver import main; main(int(sys.argv[1]))"
)
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "BLIS_NUM_THREADS"),
    "1",
)
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "DATABASE")


@dataclass(frozen=True, slots=True)
class Spawned:
    """A worker that was asked for is there."""

    number: int
    pid: int


@dataclass(frozen=True, slots=True)
class Exited:
    """A worker is dead: its exit code (minus the signal) and its peak memory in bytes."""

    pid: int
    code: int
    peak_memory: int


class Nursery:
    """Start a fork server in the background; its imports overlap with whatever the house does meanwhile."""

    def __init__(self, preload: Sequence[str] = PRELOAD) -> None:
        self._unpacker = wire.Unpacker()
        self._is_ready = False
        self._control, theirs = socket.socketpair()
        paths = orjson.dumps([path for path in sys.path if path != ""] or [os.curdir]).decode()
        command = [sys.executable, "-P", "-c", _START, str(theirs.fileno()), paths]
        # Without its own stdin: a worker must never swallow what is typed for the command.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=[theirs.fileno()],
            env=environment(os.environ),
        )
        theirs.close()
        self._send({"preload": list(preload)})

    @property
    def pid(self) -> int:
        """Return the fork server's process id."""
        return self._process.pid

    def fileno(self) -> int:
        """Return the descriptor that is readable when `hear` has something."""
        return self._control.fileno()

    def spawn(self, number: int, line: socket.socket, output: int, settings: Settings) -> None:
        """Ask for a worker that talks on a socket and prints to a descriptor.

        Raises:
            ConnectionError: the fork server is dead.
        """
        request = wire.packed(orjson.dumps({"spawn": number, "settings": asdict(settings)}))
        socket.send_fds(self._control, [request], [line.fileno(), output])

    def hear(self) -> list[Spawned | Exited] | None:
        """Return what the fork server has told, waiting for it if need be; None when it is dead."""
        try:
            piece = self._control.recv(65536)
        except ConnectionError:
            return None
        if not piece:
            return None
        answers = [orjson.loads(frame) for frame in self._unpacker.feed(piece)]
        self._is_ready = self._is_ready or bool(answers)
        return [one for one in map(_told, answers) if one is not None]

    def close(self) -> None:
        """End the fork server, which ends every worker that is left; does nothing the second time."""
        if self._process.returncode is not None:
            return
        self._control.setblocking(False)
        with suppress(BlockingIOError):
            self.hear()
        self._control.close()
        if not self._is_ready:  # It still loads modules, for seconds, and has forked nobody.
            self._process.kill()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _send(self, order: dict[str, Any]) -> None:
        self._control.sendall(wire.packed(orjson.dumps(order)))


def environment(parent: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of workers: no secrets of the house, one thread for each numerical library."""
    kept = {
        name: value
        for name, value in parent.items()
        if not (name.startswith("SHOAL_") and any(word in name for word in _SECRET))
    }
    return kept | _ONE_THREAD


def _told(answer: dict[str, Any]) -> Spawned | Exited | None:
    if "spawned" in answer:
        return Spawned(answer["spawned"], answer["pid"])
    if "exited" in answer:
        return Exited(answer["exited"], answer["code"], answer["peak_memory"])
    return None
