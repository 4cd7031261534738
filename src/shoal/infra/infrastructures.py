"""Infrastructures, as the rooms above use them: `house.infra`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from shoal.base.database import Database
from shoal.base.errors import ShoalError, Unavailable
from shoal.base.faults import FaultPoint
from shoal.base.ids import new_id
from shoal.base.settings import Infra as Settings
from shoal.infra.kinds import register_kinds
from shoal.infra.model import Description, Infrastructure
from shoal.infra.office import folders, planning
from shoal.infra.office.collecting import collect
from shoal.infra.office.looking import Looking, is_settled
from shoal.infra.office.pool import Places, Workers, submit_sweep
from shoal.infra.office.wakes import until
from shoal.infra.plain import plain
from shoal.infra.states import Phase
from shoal.infra.store import definitions, faults, passing, reading, wishing
from shoal.jobs.states import ENDS
from shoal.jobs.states import State as JobState
from shoal.jobs.store import reading as jobs

__all__ = ["Infrastructures", "Places", "is_settled"]
T = TypeVar("T")
GLANCE = 120.0  # seconds that a look at all machines may take
Bundle = Mapping[str, Any]


class Infrastructures(Looking):
    """Plan, build, scale, heal and destroy infrastructures.

    Every coroutine may be awaited in any event loop and blocks none. A wish is written when its coroutine
    returns; passes make it so, and `wait` returns when one has. What is asked of an infrastructure that is
    not there raises NotFound; of one that is destroyed or being destroyed, Destroyed.
    """

    def __init__(self, database: Database, places: Places, settings: Settings, engine: str | None) -> None:
        """Prepare; nothing runs before the first wish, or `start`."""
        super().__init__(database, places.infra)
        register_kinds()
        self._places = places
        self._settings = settings
        self._workers = Workers(database, places, settings, engine)

    def start(self) -> None:
        """Go on with what is kept and with what was begun. Blocks for a moment."""
        home = self._home
        is_shared = self._database.dialect != "sqlite"
        if self._database.read(lambda conn: _is_awaited(conn, home, is_shared)):
            self._workers.start(home)

    def close(self) -> None:
        """End the processes that make passes; others take up what they do."""
        self._workers.stop()

    @property
    def trouble(self) -> ShoalError | None:
        """Return what keeps wishes from being made true now, if anything."""
        return self._workers.trouble

    def check(self) -> None:
        """Pass when wishes are made true and what is attached is kept; raises what keeps them. Blocks."""
        self._workers.check()

    async def import_definitions(self, owner: str, bundle: Bundle) -> list[str]:
        """Keep the node definitions of a bundle, over those of the same types; returns the types.

        Raises:
            BadDescription: one cannot be used; none is kept.
        """
        found = await asyncio.to_thread(planning.definitions_in, bundle, self._settings.bundle)
        await self._write(faults.IMPORT, partial(definitions.keep, owner=owner, found=found))
        return sorted(found)

    async def definitions(self, owner: str) -> dict[str, list[Any]]:
        """Return an owner's node definitions: the implementations of each type."""
        return await self._read(partial(reading.known_definitions, owner=owner))

    async def definition(self, owner: str, type: str) -> list[Any]:
        """Return an owner's definition of a type of node: its implementations. Raises NotFound."""
        found = await self.definitions(owner)
        if type not in found:
            raise definitions.missing(type)
        return found[type]

    async def forget_definition(self, owner: str, type: str) -> None:
        """Keep a node definition no longer; what was built with it stays. Raises NotFound."""
        await self._write(faults.IMPORT, partial(definitions.forget, owner=owner, type_=type))

    async def validate(self, owner: str, bundle: Bundle) -> Description:
        """Return what a bundle describes, with the definitions that its owner has.

        Raises:
            BadDescription: it cannot be used; `faults` are all that was found.
        """
        return await self._described(owner, bundle)

    async def plan(self, owner: str, bundle: Bundle, id: str | None = None) -> planning.Made:
        """Return what building a bundle would do, or updating an infrastructure by it."""
        description = await self._described(owner, bundle)
        return await self._read(partial(planning.made, infra=id, description=description))

    async def plan_of(self, id: str, *, refresh: bool = False) -> planning.Made:
        """Return what would have to be done now, as machines were last seen; `refresh` looks first.

        Raises:
            Unavailable: they could not be looked at.
        """
        if refresh:
            await self._glance(id)
        return await self._read(partial(planning.made, infra=id))

    async def build(
        self, owner: str, bundle: Bundle, *, attach: bool = True, key: str | None = None
    ) -> Infrastructure:
        """Begin to build what a bundle describes; under the same `key` an owner builds it once.

        Raises:
            BadDescription: it cannot be used; nothing was done.
            TooManyInfrastructures, TooManyMachines: there would be more than there may be.
        """
        if key is not None and (known := await self._read(partial(reading.by_key, owner=owner, key=key))):
            return known
        return await self._build(owner, await self._described(owner, bundle, building=True), attach, key)

    async def update(self, id: str, bundle: Bundle) -> Infrastructure:
        """Wish for what another bundle describes; machines that stay as they are are not touched.

        Raises:
            BadDescription, TooManyMachines: as `build`.
        """
        infra = await self.get(id)
        return await self._update(infra, await self._described(infra.owner, bundle, building=True))

    async def apply(self, owner: str, asked: planning.Asked, *, attach: bool = True) -> Infrastructure:
        """Wish for what a plan was made for.

        Raises:
            StalePlan: something has changed since; nothing was done.
        """
        description = await self._described(owner, asked.bundle, building=True)
        again = await self._read(partial(planning.made, infra=asked.infra, description=description))
        planning.check_same(asked, again)
        if asked.infra is None:
            return await self._build(owner, description, attach, None)
        return await self._update(await self.get(asked.infra), description, again.version)

    async def scale(
        self, id: str, node: str, *, to: int | None = None, by: int | None = None, drop: str | None = None
    ) -> Infrastructure:
        """Wish for so many machines of a node, for more or fewer, or that a certain one goes.

        `drop` is an instance's id or one of its addresses.

        Raises:
            NotFound: there is no such node or instance.
            InvalidInput, Conflict: it is not one of the three, or outside what the description allows.
        """
        work = partial(
            wishing.scale, id=id, node=node, to=to, by=by, drop=drop, machines=self._settings.machines
        )
        return await self._wish(faults.SCALE, work)

    async def heal(self, id: str) -> Infrastructure:
        """Let a pass mend what is not as it is wished, or go on with destroying."""
        return await self._wish(faults.HEAL, partial(wishing.heal, id=id))

    async def attach(self, id: str) -> Infrastructure:
        """Let an infrastructure be healed from now on; raises Conflict when it is."""
        return await self._wish(faults.MARK, partial(wishing.attach, id=id, attached=True))

    async def detach(self, id: str) -> Infrastructure:
        """Leave an infrastructure alone from now on; raises Conflict when it is left alone."""
        return await self._wish(faults.MARK, partial(wishing.attach, id=id, attached=False))

    async def pause(self, id: str) -> Infrastructure:
        """Let nothing be done to an infrastructure, whatever is wished, until `resume` or `destroy`."""
        return await self._wish(faults.MARK, partial(wishing.pause, id=id, paused=True))

    async def resume(self, id: str) -> Infrastructure:
        """Go on with what is wished."""
        return await self._wish(faults.MARK, partial(wishing.pause, id=id, paused=False))

    async def release_brake(self, id: str) -> Infrastructure:
        """Let the next pass replace as many failed machines as there are."""
        return await self._wish(faults.HEAL, partial(wishing.release, id=id))

    async def destroy(self, id: str) -> Infrastructure:
        """Let all machines of an infrastructure go; its history stays. May be asked for again and again."""
        return await self._wish(faults.DESTROY, partial(wishing.destroy, id=id))

    async def sweep(self, owner: str | None, *, drop: bool = False) -> int:
        """Look for machines at providers that no row knows, and with `drop` end them; returns the job.

        Of all owners when None. The job's result has `machines` and what `failed`.
        """
        home = await asyncio.to_thread(lambda: self._home)
        work = partial(submit_sweep, home=home, owner=owner, drop=drop)
        job = await self._write(faults.SWEEP, work)
        await asyncio.to_thread(self._workers.start, home)
        return job

    def collect(self, seconds: float) -> tuple[int, int]:
        """Forget what was destroyed or happened so long ago; returns how many of each. Blocks."""
        return collect(self._database, self._places.infra, seconds)

    @property
    def _home(self) -> str:
        return folders.named(self._places.infra)

    async def _glance(self, id: str) -> None:
        """Have the machines looked at, and wait for that; a pass that is at work looks by itself."""
        infra = await self.get(id)
        job = await self._write(faults.GLANCE, partial(passing.glance, infra=infra))
        if job is None:
            return
        await asyncio.to_thread(self._workers.start, infra.home)
        ended = await until(self._database, partial(jobs.get, id_=job), lambda one: one.state in ENDS, GLANCE)
        if ended.state is not JobState.SUCCEEDED:
            why = (ended.error or {}).get("message") or "it takes too long"
            raise Unavailable(f"The machines could not be looked at: {why}", hint=f"See job {job}.", job=job)

    async def _described(self, owner: str, bundle: Bundle, *, building: bool = False) -> Description:
        known = await self.definitions(owner)
        read = partial(planning.described_by, building=building)
        return await asyncio.to_thread(read, bundle, known, self._settings)

    async def _build(
        self, owner: str, description: Description, attach: bool, key: str | None
    ) -> Infrastructure:
        home = await asyncio.to_thread(lambda: self._home)
        new = Infrastructure(
            id=new_id(),
            owner=owner,
            name=description.name,
            phase=Phase.NEW,
            description=plain(description),
            targets={},
            condemned=(),
            attached=attach,
            paused=False,
            turn=0,
            done=0,
            job=None,
            error=None,
            created=0,
            changed=0,
            ended=None,
            home=home,
        )
        bounds = wishing.Bounds(self._settings.per_owner, self._settings.machines)
        return await self._wish(faults.BUILD, partial(wishing.build, new=new, bounds=bounds, key=key))

    async def _update(
        self, infra: Infrastructure, description: Description, version: int | None = None
    ) -> Infrastructure:
        work = partial(
            wishing.update_to,
            id=infra.id,
            description=plain(description),
            machines=self._settings.machines,
            version=version,
        )
        return await self._wish(faults.UPDATE, work)

    async def _write(self, point: FaultPoint, work: Callable[[Connection], T]) -> T:
        """Write; a caller that goes away does not undo it."""
        return await asyncio.shield(asyncio.wrap_future(self._database.submit(point, work)))

    async def _wish(self, point: FaultPoint, work: Callable[[Connection], Infrastructure]) -> Infrastructure:
        """Write a wish, and have somebody who makes it so."""
        infra = await self._write(point, work)
        await asyncio.to_thread(lambda: self._workers.start(self._home))
        return infra


def _is_awaited(conn: Connection, home: str, is_shared: bool) -> bool:
    if is_shared and reading.are_standing(conn, home):
        return True  # Another server may wish something of them at any time.
    found = reading.attached(conn, home) or reading.unsettled(conn, home)
    return bool(found) or passing.are_left(conn, home)
