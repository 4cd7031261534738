"""A job's log as it grows, over all its attempts to come, until the job ends or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from shoal.jobs import logs
from shoal.jobs.model import Attempt
from shoal.jobs.states import ENDS
from shoal.jobs.store import reading
from shoal.server import offload
from shoal.server.draining import Draining
from shoal.server.parts import House
from shoal.server.waking import wakes

LOOK = 0.1  # seconds: a log grows without a commit that tells of it
PIECE = 256 << 10
QUIET = 15.0  # seconds without output after which a sign of life is sent


class Part(NamedTuple):
    """Bytes of one stream: whose, from where on in the log of which attempt. Without bytes: still there."""

    fence: int
    offset: int
    stream: str
    content: bytes


class _Standing(NamedTuple):
    ended: bool
    attempts: list[Attempt]


def place_of(attempt: Attempt) -> str:
    """Return where an attempt's log is: it has its place before the row says so."""
    return attempt.log or logs.log_key(attempt.job, attempt.generation, attempt.number)


async def follow(
    house: House, draining: Draining, job: int, fence: int | None = None, offset: int = 0
) -> AsyncIterator[Part]:
    """Yield what a job writes, from the newest attempt on or from a place in one, until it has ended."""
    place = _Place(house, job, fence, offset)
    quiet = 0.0
    async with wakes(house.database, draining) as wake:
        while True:
            wake.clear()
            standing = await offload.read(house.database, place.look)
            async for part in place.news(standing):
                quiet = 0.0
                yield part
            if standing.ended or draining.begun:
                return
            quiet += await place.grown(wake, QUIET)
            if quiet >= QUIET:
                quiet = 0.0
                yield Part(0, 0, logs.SAID, b"")


class _Place:
    """How far a reader is: an attempt and the bytes of its log that were read."""

    def __init__(self, house: House, job: int, fence: int | None, offset: int) -> None:
        self._house = house
        self._job = job
        self._fence = fence
        self._offset = offset
        self._attempt: Attempt | None = None

    def look(self, conn: Connection) -> _Standing:
        """Return whether the job has ended, and its attempts from the one that is read on."""
        job, attempts = reading.get(conn, self._job), reading.attempts_of(conn, self._job)
        if self._fence is None and attempts:
            self._fence = attempts[-1].fence
        return _Standing(job.state in ENDS, [each for each in attempts if each.fence >= (self._fence or 0)])

    async def news(self, standing: _Standing) -> AsyncIterator[Part]:
        """Yield what was not read yet."""
        for attempt in standing.attempts:
            if attempt.fence != self._fence:
                self._fence, self._offset = attempt.fence, 0
            self._attempt = attempt
            while parts := await asyncio.to_thread(self._read, attempt):
                for part in parts:
                    yield part

    async def grown(self, wake: asyncio.Event, most: float) -> float:
        """Wait until the log has grown, something happened, or for so long; return the seconds it took."""
        for waited in range(round(most / LOOK)):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await wake.wait()
                    return 0.0
            if self._attempt and _size(self._folder, place_of(self._attempt)) > self._offset:
                return waited * LOOK
        return most

    def _read(self, attempt: Attempt) -> list[Part]:
        key = place_of(attempt)
        content = logs.read(self._folder, key, self._offset, PIECE).content
        parts = list(apart(self._folder, key, attempt.fence, self._offset, content))
        self._offset += len(content)
        return parts

    @property
    def _folder(self) -> Path:
        return self._house.home.logs


def apart(folder: Path, key: str, fence: int, offset: int, content: bytes) -> list[Part]:
    """Return a part of a log by its streams; what the index does not tell of yet counts as stdout."""
    parts, at, end = list[Part](), offset, offset + len(content)
    for stretch in logs.pieces(folder, key, offset):
        stop = min(end, stretch.offset + stretch.length)
        if at < stop:
            parts.append(Part(fence, at, stretch.stream, content[at - offset : stop - offset]))
            at = stop
        if at >= end:
            break
    return parts if at >= end else [*parts, Part(fence, at, logs.STDOUT, content[at - offset :])]


def _size(folder: Path, key: str) -> int:
    with suppress(OSError):
        return (folder / key).stat().st_size
    return 0
