"""Live tasks with real hosts, in the test's process: a home of their own, and waiting for what they find."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from shoal.base.database import Database, open_database
from shoal.base.settings import Live as Settings
from shoal.live.host.course import Course
from shoal.live.host.exported import imported
from shoal.live.log.reader import Reader
from shoal.live.model import LiveTask, Summary
from shoal.live.office.office import Places
from shoal.live.plain import wish_of
from shoal.live.tasks import Live
from shoal.storage.files import FileStorage


class Home:
    """A home of live tasks; on SQLite, for what hosts do does not depend on the database."""

    def __init__(self, root: Path, template: Path) -> None:
        shutil.copy(template, root / "shoal.db")
        self.database: Database = open_database(f"sqlite:///{root / 'shoal.db'}")
        self.places = Places(*(root / name for name in ("live", "run", "files", "logs")))
        for place in self.places:
            place.mkdir(mode=0o700)

    def open(self, hosts: int = 2) -> Live:
        """Return the live tasks, with so many hosts."""
        settings = Settings(hosts=hosts, checkpoint=0.5)
        return Live(self.database, FileStorage(self.places.files), self.places, settings)

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def hosts(live: Live) -> list[int]:
    """Return the ids of the host processes that are there."""
    return [line.pid for line in live._office.following.roster]


def host_of(live: Live, task: LiveTask) -> int | None:
    """Return the id of the process that follows a task."""
    line = live._office.following.roster.line_of(task.id)
    return None if line is None else line.pid


async def until(tell: Callable[[], Awaitable[Any]], seconds: float = 120.0) -> Any:
    """Wait until something comes true; return it."""
    async with asyncio.timeout(seconds):
        while not (found := await tell()):
            await asyncio.sleep(0.02)
        return found


def centres(summary: Summary | None) -> list[list[float]]:
    """Return centres, sorted."""
    return sorted(list(map(float, each.centre)) for each in summary.clusters) if summary else []


async def settled(live: Live, task: LiveTask) -> Summary:
    """Wait until a task's host has read every row, and another iteration would change nothing."""

    async def rests() -> Summary | None:
        summary, end = await live.summary(task.id), (await live.get(task.id)).rows
        if summary is None or summary.row != end or not summary.clusters:
            return None
        told = np.array([centre for centre in centres(summary)])
        return summary if await asyncio.to_thread(_rests, await live.export(task.id), told) else None

    found = await until(rests)
    assert isinstance(found, Summary)
    return found


def _rests(export: bytes, told: Any) -> bool:
    """Say whether an exported task is at rest, with the centres that were told."""
    with np.load(io.BytesIO(export), allow_pickle=False) as arrays:
        found = arrays["centres"]
    saved = imported(export)
    course = Course.restored(wish_of(saved.facts["wish"]), saved, Reader(Path("nowhere")))
    settled = course.algorithm is not None and course.algorithm.settled_
    return settled and np.array_equal(np.array(sorted(found.tolist())), told)
