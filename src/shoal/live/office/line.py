"""One host as the office sees it: what is said to it, what it is asked."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any

from shoal.base.errors import ShoalError, Unavailable
from shoal.base.problems import error_of_problem
from shoal.live.errors import WORDS, LiveConflict
from shoal.live.wire import Frame, Unpacker, packed

_PIECE = 1 << 18


class HostGone(Unavailable):
    """Say that a host died while it was asked; another takes its tasks over."""

    code = "live_host_gone"

    def __init__(self) -> None:
        super().__init__(
            "The process that follows this task died just now.", hint="Ask again in a moment.", retry_after=1
        )


class Line:
    """Speak with one host; lives in the office's event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = 0
        self.pid = 0
        self.tasks: set[str] = set()
        self._reader = reader
        self._writer = writer
        self._unpacker = Unpacker()
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Frame]] = {}

    def say(self, op: str, payload: bytes = b"", **header: Any) -> None:
        """Send a message that needs no answer; a dead host hears nothing."""
        if not self._writer.is_closing():
            self._writer.write(packed({"op": op, **header}, payload))

    async def ask(self, op: str, payload: bytes = b"", **header: Any) -> Frame:
        """Send a request and return its answer.

        Raises:
            HostGone: the host died.
            ShoalError: what the host says it is.
        """
        if self._writer.is_closing():
            raise HostGone
        number = next(self._ids)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self.say(op, payload, id=number, **header)
            return await answer
        finally:
            self._asked.pop(number, None)

    async def heard(self) -> AsyncIterator[Frame]:
        """Yield what the host says by itself, until it is gone; answers go to those who asked."""
        try:
            while piece := await self._reader.read(_PIECE):
                for frame in self._unpacker.feed(piece):
                    if frame.op == "answer":
                        self._answered(frame)
                    else:
                        yield frame
        except (ConnectionError, ValueError):
            return

    def close(self) -> None:
        """Hang up; who waits for an answer learns that there is none."""
        self._writer.close()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(HostGone())
        self._asked.clear()

    def _answered(self, frame: Frame) -> None:
        answer = self._asked.get(frame.header.get("id", 0))
        if answer is None or answer.done():
            return
        error = frame.header.get("error")
        if error:
            answer.set_exception(_error(error))
        else:
            answer.set_result(frame)


def _error(told: Mapping[str, Any]) -> ShoalError:
    code = str(told.get("code", ""))
    if code in WORDS:
        return LiveConflict(code)
    status = int(told.get("status", 422))
    return error_of_problem({"code": code, "title": told.get("message"), "detail": told.get("hint")}, status)
