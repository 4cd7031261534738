"""One of the processes that hold a task's rows: begun, fed, asked, and given up when it dies or hangs."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.online.frame import Frame
from shoal.clustering.online.partials import Partial
from shoal.live.host.shard import READY, part_of
from shoal.live.wire import Frame as Message
from shoal.live.wire import Unpacker, packed

Doubles = NDArray[np.float64]
_PIECE = 1 << 18
_GAP = 1.0  # seconds between two beginnings


class Member:
    """Hold the rows whose numbers are `place`, modulo `of`. Moments are of the monotonic clock."""

    def __init__(self, place: int, of: int) -> None:
        self._place, self._of = place, of
        self._process: subprocess.Popen[bytes] | None = None
        self._unpacker = Unpacker()
        self._ready = False
        self._fed: int | None = None  # the number after the last row that it has
        self._began = -inf

    @property
    def pid(self) -> int | None:
        """Return the process' id; None when there is none."""
        return None if self._process is None else self._process.pid

    @property
    def may_begin(self) -> bool:
        """Say whether there is no process and has been none for a moment."""
        return self._process is None and monotonic() - self._began > _GAP

    @property
    def is_beginning(self) -> bool:
        """Say whether there is a process that does not listen yet."""
        return self._process is not None and not self.is_there

    @property
    def is_there(self) -> bool:
        """Say whether the process listens."""
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is not None and not self._ready and self._has_said():
            said = self._read(monotonic())
            self._ready = said is not None and said.op == READY
        return self._ready

    def start(self) -> None:
        """Start a process; it has no rows."""
        self._began = monotonic()
        command = [sys.executable, "-m", "shoal.live.host.shard"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._unpacker = Unpacker()

    def feed(self, frame: Frame, until: float) -> None:
        """Give it the rows of its number that it has not."""
        oldest = frame.seen - len(frame)
        if self._fed == frame.seen:
            return
        first = max(oldest, self._fed or 0)
        numbers = np.arange(first, frame.seen)
        numbers = numbers[numbers % self._of == self._place]
        rows = frame.rows[numbers - oldest]
        header = {"op": "take", "oldest": oldest, "numbers": numbers.tolist(), "dim": frame.rows.shape[1]}
        self._send(header, np.ascontiguousarray(rows, "<f8").tobytes(), until)
        self._fed = frame.seen

    def ask(self, centres: Doubles, spread: Doubles, far: int, until: float) -> None:
        """Ask it to sum its rows."""
        header = {"op": "sum", "k": len(centres), "dim": centres.shape[1], "far": far}
        self._send(header, np.concatenate([centres.ravel(), spread]).astype("<f8").tobytes(), until)

    def answer(self, shape: tuple[int, ...], until: float) -> tuple[Partial, NDArray[np.int32]] | None:
        """Return its answer; None when it died or hangs, and then it is there no more."""
        if (message := self._read(until)) is None:
            self.end()
            return None
        return part_of(message, *shape)

    def end(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        self._ready, self._fed = False, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()

    def _has_said(self) -> bool:
        pipe = self._process.stdout if self._process is not None else None
        return pipe is not None and bool(select.select([pipe], [], [], 0)[0])

    def _send(self, header: dict[str, Any], payload: bytes, until: float) -> None:
        if self._process is None or self._process.stdin is None:
            return
        pipe, left = self._process.stdin.fileno(), memoryview(packed(header, payload))
        with suppress(OSError):  # It died; that is noticed when it does not answer.
            while left and select.select([], [pipe], [], max(0.0, until - monotonic()))[1]:
                left = left[os.write(pipe, left) :]

    def _read(self, until: float) -> Message | None:
        """Return the next message; None when the process died, or says nothing until a moment."""
        if self._process is None or self._process.stdout is None:
            return None
        pipe = self._process.stdout.fileno()
        while select.select([pipe], [], [], max(0.0, until - monotonic()))[0]:
            if not (piece := os.read(pipe, _PIECE)):
                return None
            if found := self._unpacker.feed(piece):
                return found[0]
        return None
