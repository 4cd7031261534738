"""What can be learnt of infrastructures without wishing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from shoal.base import clock, events
from shoal.base.database import Database
from shoal.infra.model import Happening, Infrastructure, Instance
from shoal.infra.office import folders
from shoal.infra.office.costs import costs
from shoal.infra.office.outputs import outputs
from shoal.infra.office.wakes import until, wakes
from shoal.infra.states import Phase
from shoal.infra.store import reading, telling
from shoal.jobs.states import State
from shoal.jobs.store import reading as jobs

T = TypeVar("T")


class Looking:
    """Read infrastructures, machines, what happened and logs; see `Infrastructures`."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Prepare; `folder` is that of all infrastructures of the home."""
        self._database = database
        self._folder = folder

    async def get(self, id: str) -> Infrastructure:
        """Return an infrastructure, also a destroyed one."""
        return await self._read(partial(reading.get, id=id))

    async def setback(self, infra: Infrastructure) -> str | None:
        """Return why the newest pass has to be made again, while it waits for that."""
        if infra.job is None or infra.done >= infra.turn:
            return None
        found = (await self._read(partial(jobs.get_many, ids=[infra.job]))).get(infra.job)
        if found is None or found.state is not State.RETRYING:
            return None
        return str((found.error or {}).get("message") or "its process died")

    async def find(
        self,
        owner: str | None = None,
        search: str = "",
        *,
        gone: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> list[Infrastructure]:
        """Return infrastructures, the newest first: those after the one with the id `after`.

        `search` is a part of a name or of an id; with `gone` the destroyed ones are among them.
        """
        work = partial(reading.find, owner=owner, search=search, gone=gone, limit=limit, after=after)
        return await self._read(work)

    async def instances(self, id: str, gone: bool = False) -> list[Instance]:
        """Return the machines of an infrastructure, the oldest first; with `gone` also those that were."""
        await self.get(id)
        return await self._read(partial(reading.machines, infra=id, gone=gone))

    async def instance(self, id: str, instance: str) -> Instance:
        """Return a machine of an infrastructure, also one that is gone; raises NotFound."""
        return await self._read(partial(reading.instance, infra=id, id=instance))

    async def standing(self, ids: Collection[str]) -> dict[str, dict[str, dict[str, int]]]:
        """Return how many machines infrastructures have, by node and state."""
        return await self._read(partial(reading.counted, ids=list(ids)))

    async def happenings(self, id: str, after: int = 0, limit: int = 1_000) -> list[Happening]:
        """Return what happened in an infrastructure, the oldest first: what came after number `after`."""
        await self.get(id)
        return await self._read(partial(reading.happened, infra=id, after=after, limit=limit))

    async def latest(self, id: str, limit: int) -> list[Happening]:
        """Return what happened last in an infrastructure, the newest first."""
        return await self._read(partial(reading.latest, infra=id, limit=limit))

    async def log(self, id: str, instance: str, offset: int = 0) -> tuple[str, int]:
        """Return what was done in a machine from a byte of its log on, and the byte to go on from."""
        found = await self.instance(id, instance)
        path = folders.log_of(self._folder, id, found.id)
        return await asyncio.to_thread(folders.read_log, path, offset)

    async def wait(self, id: str, turn: int | None = None, timeout: float | None = None) -> Infrastructure:
        """Return an infrastructure when a pass has ended on a turn (else its newest), or time is over.

        `done` says whether it has; `phase` and `error` say how. One that is paused is not waited for.
        """
        wished = (await self.get(id)).turn if turn is None else turn
        return await until(
            self._database, partial(reading.get, id=id), lambda infra: is_settled(infra, wished), timeout
        )

    async def watch(self, ids: Collection[str] | None = None) -> AsyncIterator[events.Event]:
        """Yield what happens from now on, to some infrastructures or to all; never ends by itself."""
        seq = await self._read(events.last)
        async with wakes(self._database) as wake:
            while True:
                wake.clear()
                for event in await self._read(partial(events.after, seq=seq, topics=[telling.TOPIC])):
                    seq = event.seq
                    wake.set()  # There may be more than one answer holds.
                    if ids is None or event.subject in ids:
                        yield event
                await wake.wait()

    async def outputs(self, id: str) -> dict[str, Any]:
        """Return addresses by node, an ssh configuration, and what machines have published."""
        there = await self.instances(id)
        return await asyncio.to_thread(outputs, self._folder, id, there)

    async def published(self, id: str, instance: str, name: str) -> Path:
        """Return the path of a file that a machine has published; raises NotFound."""
        found = await self.instance(id, instance)
        return await asyncio.to_thread(folders.published_file, self._folder, id, found.id, name)

    async def cost(self, id: str) -> dict[str, Any]:
        """Return what machines cost an hour and have cost until now, as far as that is known."""
        return costs(await self.instances(id, gone=True), clock.now())

    def metrics(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many infrastructures there are by phase, and machines by state; reads the database."""
        found = self._database.read(lambda conn: (reading.phases(conn), reading.states(conn)))
        return dict(zip(("infrastructures", "machines"), found, strict=True))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._database.read, work)


def is_settled(infra: Infrastructure, turn: int) -> bool:
    """Say whether waiting for a turn is over: a pass has ended on it, or nothing will be done about it."""
    return infra.done >= turn or infra.paused or infra.phase is Phase.DESTROYED
