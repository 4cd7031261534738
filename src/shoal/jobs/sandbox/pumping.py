"""Reading what a program writes while it runs, until it has ended."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar

from shoal.jobs.sandbox.launching import Launching

_PIECE = 1 << 16
_FIRST = 64 << 10  # bytes of a stream that are kept for the result
_LAST = 4096  # and of its end, in which programs tell what was wrong
_AFTERGLOW = 5.0  # seconds to wait for the end of streams after the last process is dead


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, seconds of processor time, and peak memory in bytes.

    Of a program that a signal ended the exit code is 128 and the signal, as shells tell it. `over` names the
    bound for which it was killed, if it was.
    """

    code: int
    cpu: float
    peak: int
    over: str

    @property
    def signal(self) -> str:
        """Return the name of the signal that ended it, nothing when it ended by itself."""
        with suppress(ValueError):
            return signal.Signals(self.code - 128).name
        return ""


@dataclass(slots=True)
class Stream:
    """One stream of a program's output: the beginning and the end of it are kept here.

    One that is not `passed_on` is for whoever runs the program, and no part of the output.
    """

    passed_on: ClassVar[bool] = True
    name: str
    descriptor: int
    first: bytearray = field(default_factory=bytearray)
    last: bytes = b""
    size: int = 0

    def take(self, piece: bytes) -> None:
        """Take note of a piece."""
        self.size += len(piece)
        self.first += piece[: _FIRST - len(self.first)]
        self.last = (self.last + piece)[-_LAST:]

    @property
    def text(self) -> str:
        """Return the beginning as text that every database can keep."""
        return self.first.decode(errors="replace").replace("\0", "\ufffd")


class Output:
    """Pass output on in the order in which it comes, up to a limit; the rest is read and forgotten."""

    def __init__(self, pass_on: Callable[[bytes, str], None], limit: int, on_cut: Callable[[], None]) -> None:
        self._pass_on = pass_on
        self._left = limit
        self._on_cut = on_cut
        self._rests: dict[str, bytes] = {}

    def take(self, stream: Stream, piece: bytes) -> None:
        """Take a piece of a stream."""
        stream.take(piece)
        if self._left < 0:
            return
        piece, self._left = piece[: self._left], self._left - len(piece)
        whole, self._rests[stream.name] = whole_characters(self._rests.get(stream.name, b"") + piece)
        if whole:
            self._pass_on(whole, stream.name)
        if self._left < 0:
            self.flush()
            self._on_cut()

    def flush(self) -> None:
        """Pass on characters that were begun and never ended."""
        rests, self._rests = self._rests, {}
        for name, rest in rests.items():
            if rest:
                self._pass_on(rest, name)


def whole_characters(piece: bytes) -> tuple[bytes, bytes]:
    """Cut off the beginning of a UTF-8 character that a later piece will end."""
    for back in range(1, min(4, len(piece)) + 1):
        byte = piece[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return (piece[:-back], piece[-back:]) if needed > back else (piece, b"")
        if byte < 0x80:
            break
    return piece, b""


class Pump:
    """Read the streams of one program, and what its launcher tells, in one thread.

    `id` is the program's number at the launcher.
    """

    def __init__(self, launching: Launching, id_: int, streams: list[Stream], output: Output) -> None:
        self.id = id_
        self._launching = launching
        self._open = {stream.descriptor: stream for stream in streams}
        self._output = output
        self._told: dict[str, Any] | None = None

    def run(self) -> Ended:
        """Read until the program and all that it started are dead and have nothing more to say.

        Raises:
            LauncherDied: the launcher is gone, and the program with it.
        """
        until = None
        try:
            while self._told is None or self._open:
                ready = self._ready(None if until is None else max(0.0, until - monotonic()))
                if self._told is not None and until is None:
                    until = monotonic() + _AFTERGLOW
                if not ready and until is not None and monotonic() >= until:
                    break
        finally:
            self._output.flush()
            for descriptor in self._open:
                os.close(descriptor)
        told = self._told or {}
        code = told.get("code", -1)
        return Ended(
            code if code >= 0 else 128 - code, told.get("cpu", 0.0), told.get("peak", 0), told.get("over", "")
        )

    def _ready(self, patience: float | None) -> bool:
        if self._launching.unheard:
            self._hear(self._launching.fileno())
        watched = [*self._open, *(self._tellers() if self._told is None else [])]
        ready, _, _ = select.select(watched, [], [], patience)
        for descriptor in ready:
            if descriptor in self._open:
                self._read(descriptor)
            else:
                self._hear(descriptor)
        return bool(ready)

    def _tellers(self) -> list[int]:
        """Return the descriptors on which the end of the program is told."""
        return [self._launching.fileno()]

    def _read(self, descriptor: int) -> None:
        stream = self._open[descriptor]
        if not (piece := os.read(descriptor, _PIECE)):
            del self._open[descriptor]
            os.close(descriptor)
        elif stream.passed_on:
            self._output.take(stream, piece)
        else:
            stream.take(piece)

    def _hear(self, _: int) -> None:
        for told in self._launching.hear():
            if told.get("ended") == self.id:
                self._told = told
