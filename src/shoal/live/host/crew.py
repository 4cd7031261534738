"""The processes that hold the shards of one task's frame: fed, asked, and replaced when one dies."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.base.errors import Unavailable
from shoal.clustering.online.frame import Frame
from shoal.clustering.online.partials import Partial
from shoal.live.host.shard import part_of
from shoal.live.wire import Frame as Message
from shoal.live.wire import Unpacker, packed

Doubles = NDArray[np.float64]
_PIECE = 1 << 18
_TRIES = 3


class Crew:
    """Spread the rows of a frame over `size` processes by their numbers, modulo `size`."""

    def __init__(self, size: int) -> None:
        self._members = [_Member(place, size) for place in range(size)]

    @property
    def pids(self) -> list[int]:
        """Return the ids of the processes."""
        return [member.pid for member in self._members]

    def sums(
        self, frame: Frame, centres: Doubles, spread: Doubles, far: int
    ) -> tuple[list[Partial], NDArray[np.int32]]:
        """Return what each shard adds to a step from `centres` (k, d), and the labels of the frame's rows.

        Raises:
            Unavailable: processes died again and again.
        """
        for _ in range(_TRIES):
            for member in self._members:
                member.feed(frame)
                member.ask(centres, spread, far)
            found = [member.answer(centres.shape) for member in self._members]
            whole = [each for each in found if each is not None]
            if len(whole) == len(found):
                return [part for part, _ in whole], _labels(frame, [labels for _, labels in whole])
        raise Unavailable("The processes of this task's shards die again and again.")

    def close(self) -> None:
        """End the processes."""
        for member in self._members:
            member.close()


class _Member:
    """One process: `fed` is the number after the last row that it has."""

    def __init__(self, place: int, of: int) -> None:
        self._place, self._of = place, of
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "shoal.live.host.shard"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._unpacker = Unpacker()
        self._fed: int | None = None

    @property
    def pid(self) -> int:
        """Return the process' id."""
        return self._process.pid

    def feed(self, frame: Frame) -> None:
        """Give it the rows of its number that it has not; a dead one is replaced and given all."""
        if self._process.poll() is not None:
            self.close()
            self._start()
        oldest = frame.seen - len(frame)
        if self._fed == frame.seen:
            return
        first = max(oldest, self._fed or 0)
        numbers = np.arange(first, frame.seen)
        numbers = numbers[numbers % self._of == self._place]
        rows = frame.rows[numbers - oldest]
        header = {"op": "take", "oldest": oldest, "numbers": numbers.tolist(), "dim": frame.rows.shape[1]}
        self._send(header, np.ascontiguousarray(rows, "<f8").tobytes())
        self._fed = frame.seen

    def ask(self, centres: Doubles, spread: Doubles, far: int) -> None:
        """Ask it to sum its rows."""
        header = {"op": "sum", "k": len(centres), "dim": centres.shape[1], "far": far}
        self._send(header, np.concatenate([centres.ravel(), spread]).astype("<f8").tobytes())

    def answer(self, shape: tuple[int, ...]) -> tuple[Partial, NDArray[np.int32]] | None:
        """Return its answer; None when it died."""
        if (message := self._read()) is None:
            self._process.kill()
            self._process.wait()
            return None
        return part_of(message, *shape)

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.kill()
        self._process.wait()

    def _send(self, header: dict[str, Any], payload: bytes) -> None:
        assert self._process.stdin is not None
        left = memoryview(packed(header, payload))
        with suppress(OSError):  # It died; that is noticed when it does not answer.
            while left:
                left = left[os.write(self._process.stdin.fileno(), left) :]

    def _read(self) -> Message | None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), _PIECE):
            if found := self._unpacker.feed(piece):
                return found[0]
        return None


def _labels(frame: Frame, parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the labels of a frame's rows out of those of the shards."""
    numbers = np.arange(frame.seen - len(frame), frame.seen)
    labels = np.empty(len(numbers), np.int32)
    for place, part in enumerate(parts):
        labels[numbers % len(parts) == place] = part
    return labels
