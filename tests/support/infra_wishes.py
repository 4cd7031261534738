"""Machines built, changed and destroyed, for tests that kill it: the next run ends what the first began."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from shoal.base.database import Database, open_database
from shoal.base.errors import Conflict
from shoal.base.settings import Infra as Settings
from shoal.infra.errors import Destroyed
from shoal.infra.infrastructures import Infrastructures
from shoal.infra.model import Infrastructure
from shoal.infra.office.pool import Places
from shoal.infra.passes import passing  # noqa: F401  (imported once, before each program is forked)
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.infra.states import Phase, State
from shoal.jobs.states import ENDS
from shoal.jobs.store import reading as jobs
from shoal.migrations import upgrade
from tests.support.infra_store import a_bundle
from tests.support.waiting import wait_until

KEY = "the one"


def main(folder: Path, url: str) -> None:
    """Wish for everything that can be wished; what was wished before its predecessor died is wished again."""
    database = opened(folder)
    infra = Infrastructures(database, places(folder), Settings(passes=1), None)
    try:
        infra.start()
        asyncio.run(_lived(infra, database))
    finally:
        infra.close()
        database.close()


def open_passes(database: Database) -> list[int]:
    """Return the passes that have not ended."""
    passes = database.read(lambda conn: jobs.find(conn, kinds=["infra.pass"]))
    return [job.id for job in passes if job.state not in ENDS]


async def _lived(infra: Infrastructures, database: Database) -> None:
    bundle = a_bundle()
    definitions = {"description": None, "definitions": bundle["definitions"], "places": {}}
    await infra.import_definitions("me", definitions)
    built = await infra.build("me", {**bundle, "definitions": {}}, key=KEY)
    with suppress(Destroyed):
        await _reached(infra, built, Phase.READY)
        await _reached(infra, await infra.scale(built.id, "worker", to=3), Phase.READY)
        await _reached(infra, await infra.update(built.id, a_bundle(least=1, most=4)), Phase.READY)
        with suppress(Conflict):
            await infra.detach(built.id)
        await _reached(infra, await infra.heal(built.id), Phase.READY)
    await _reached(infra, await infra.destroy(built.id), Phase.DESTROYED)
    await asyncio.to_thread(wait_until, lambda: not open_passes(database), timeout=30)
    await asyncio.to_thread(infra.collect, 3600.0)


async def _reached(infra: Infrastructures, wished: Infrastructure, phase: Phase) -> None:
    found = await infra.wait(wished.id, timeout=40)
    if found.phase is Phase.DESTROYED and phase is not Phase.DESTROYED:
        raise Destroyed("It was destroyed before this process began.")
    if found.phase is not phase:
        raise SystemExit(f"{found.phase} in place of {phase}: {found}")


def opened(folder: Path) -> Database:
    """Return the database of a run."""
    database = open_database(f"sqlite:///{folder / 'shoal.db'}")
    upgrade(database)
    return database


def places(folder: Path) -> Places:
    """Return the folders of a run."""
    found = Places(folder / "infra", folder / "files", folder / "logs")
    for each in found:
        each.mkdir(exist_ok=True)
    return found


def verify(folder: Path, url: str) -> None:
    """One infrastructure was built, no machine of it is left, and nobody works for it any more."""
    database = opened(folder)
    infra = Infrastructures(database, places(folder), Settings(), None)
    try:
        (found,) = asyncio.run(infra.find("me", gone=True))
        assert (found.phase, found.done) == (Phase.DESTROYED, found.turn)
        machines = asyncio.run(infra.instances(found.id, gone=True))
        assert len(machines) == 4
        assert {machine.state for machine in machines} == {State.DROPPED}
        assert open_passes(database) == []
        cloud = Cloud(folder / "infra" / found.id)
        with cloud.changed() as connection:
            assert cloud.rows(connection, "") == []
    finally:
        infra.close()
        database.close()
